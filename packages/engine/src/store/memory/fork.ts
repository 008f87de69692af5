import type { JournalRow, JsonText, OrgId, RunId, RunRow } from '../store.ts'
import { insertRun, newLive } from './live-run.ts'
import { key, type Session } from './tables.ts'

/** Copies all rows below `beforeSeq` with their numbers. Edits apply to the generation that the new run continues. */
export function forkRun(
  { tables, now }: Session,
  source: { readonly org: OrgId; readonly run: RunId; readonly beforeSeq: number },
  target: RunRow,
  edits: ReadonlyMap<number, { readonly output: JsonText }>,
): boolean {
  const id = key(target.org, target.run)
  if (!tables.runs.has(key(source.org, source.run))) return false
  if (tables.runs.has(id)) return true
  const below = (tables.journal.get(key(source.org, source.run)) ?? []).filter((row) => row.seq < source.beforeSeq)
  const base = below.findLast((row) => row.kind === 'generation')?.seq ?? 0
  const copy = (row: JournalRow): JournalRow => {
    const edit = row.kind === 'step' && row.seq > base ? edits.get(row.cmd) : undefined
    // The copy is pinned to one bundle from its first row.
    const name = row.kind === 'version' ? target.bundle : row.name
    return { ...row, run: target.run, name, ...(edit ? { output: edit.output, error: null } : {}) }
  }
  const live = newLive(target, now)
  live.base = base
  live.nextSeq = below.length + 1
  tables.journal.set(id, below.map(copy))
  insertRun(tables, target, live)
  return true
}
