import type { JournalRow, JsonText, OrgId, RunId, RunRow } from '../store.ts'
import { insertRun, newLive } from './live-run.ts'
import type { Session } from './tables.ts'
import { key } from './tables.ts'

/** Copies the rows of the source's generation below `beforeSeq`, numbered from 1. */
export function forkRun(
  { tables, now }: Session,
  source: { readonly org: OrgId; readonly run: RunId; readonly beforeSeq: number },
  target: RunRow,
  edits: ReadonlyMap<number, { readonly output: JsonText }>,
): void {
  const id = key(target.org, target.run)
  if (tables.runs.has(id)) return
  const below = (tables.journal.get(key(source.org, source.run)) ?? []).filter((row) => row.seq < source.beforeSeq)
  const start = below.findLast((row) => row.kind === 'generation')?.seq ?? 0
  const copy = (row: JournalRow): JournalRow => {
    const edit = row.kind === 'step' ? edits.get(row.cmd) : undefined
    return {
      ...row,
      run: target.run,
      seq: row.seq - Math.max(start - 1, 0),
      // The copy is pinned to one bundle from its beginning.
      name: row.kind === 'version' ? target.bundle : row.name,
      ...(edit ? { output: edit.output, error: null } : {}),
    }
  }
  const copied = below.filter((row) => row.seq >= start).map(copy)
  const live = newLive(target, now)
  live.base = Math.min(start, 1)
  live.nextSeq = copied.length + 1
  tables.journal.set(id, copied)
  insertRun(tables, target, live)
}
