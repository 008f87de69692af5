import type { Authority, Priority } from '../../workflow/protocol.ts'
import type { RunRow } from '../store.ts'
import { closeCode, priorityCode } from './codes.ts'

/** Runs of older servers do not say what their parent's end does to them. It was a cancellation, unless declared otherwise. */
const CLOSE_BEFORE = 1

/** Columns of a RunRow as the database returns them. */
export interface StoredRun {
  readonly org: string
  readonly run: string
  readonly workflow: string
  readonly bundle: string
  readonly queue: string
  readonly priority: number
  readonly input: string
  readonly authority: Authority | null
  readonly tags: string[]
  readonly createdAt: number
  readonly parentRun: string | null
  readonly parentCmd: number | null
  readonly parentClose: number | null
  readonly originKind: 'retry' | 'fork' | null
  readonly originRun: string | null
  readonly originSeq: number | null
  readonly seed: string
  readonly keys: string
  readonly clockAt: number
  readonly deadline: number | null
}

/** `live`: the alias of the run's live row, whose bundle takes precedence. */
export function runColumns(run: string, live: string | null): string {
  const bundle = live === null ? `${run}.bundle` : `coalesce(${live}.bundle, ${run}.bundle)`
  return `${run}.org_id as org, ${run}.run_id as run, ${run}.workflow, ${bundle} as bundle, ${run}.queue, ${run}.priority,
       ${run}.input::text as input, ${run}.authority, ${run}.tags, engine.ms(${run}.created_at) as "createdAt",
       ${run}.parent_run as "parentRun", ${run}.parent_cmd as "parentCmd", ${run}.parent_close as "parentClose",
       ${run}.origin_kind as "originKind", ${run}.origin_run as "originRun", ${run}.origin_seq as "originSeq",
       ${run}.seed, ${run}.keys, engine.ms(${run}.clock_at) as "clockAt", engine.ms(${run}.deadline) as deadline`
}

export function toRunRow(row: StoredRun): RunRow {
  const priority: Priority = priorityCode.word(row.priority)
  return {
    org: row.org,
    run: row.run,
    workflow: row.workflow,
    bundle: row.bundle,
    queue: row.queue,
    priority,
    input: row.input,
    authority: row.authority,
    tags: row.tags,
    createdAt: row.createdAt,
    parent:
      row.parentRun === null
        ? null
        : { run: row.parentRun, cmd: row.parentCmd ?? 0, close: closeCode.word(row.parentClose ?? CLOSE_BEFORE) },
    origin:
      row.originKind === null || row.originRun === null ? null : { kind: row.originKind, run: row.originRun, seq: row.originSeq ?? 0 },
    seed: row.seed,
    keys: row.keys,
    clockAt: row.clockAt,
    deadline: row.deadline,
  }
}

/** As the column of a new run. */
export function authorityText({ authority }: Pick<RunRow, 'authority'>): string | null {
  return authority === null ? null : JSON.stringify(authority)
}

/** The literal of a `text[]`. Needed for an array inside an array, which unnest would flatten. */
export function textArray(items: readonly string[]): string {
  return items.length === 0 ? '{}' : `{${items.map((item) => `"${item.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
}
