import type { RunRow } from '../store.ts'
import { hasRoom } from './limits.ts'
import { key, type Live, type Tables } from './tables.ts'

type Check = (tables: Tables) => number

/** Each check returns how many rows violate it. The PostgreSQL store has one view for each. */
const checks: Readonly<Record<string, Check>> = {
  // Every run is live or has a result …
  I1: ({ runs, live, results }) => count(runs.keys(), (id) => !live.has(id) && !results.has(id)),
  // … its journal rows are numbered 1, 2, 3 …
  I2: ({ journal }) => count(journal.values(), (rows) => rows.some((row, index) => row.seq !== index + 1)),
  I5: ({ staleWrites }) => staleWrites,
  // … and no run is both live and ended.
  I6: ({ live, results }) => count(live.keys(), (id) => results.has(id)),
  I7: ({ limits, live }) =>
    count(limits, ([id, limit]) => {
      const holding = [...live.values()].filter((row) => row.holds.some((name) => key(row.row.org, name) === id))
      return holding.length !== limit.holders.size || limit.holders.size > limit.allowed
    }),
  // No run is gated on a limit that has room.
  I7_gate: (tables) => count(tables.live.values(), (live) => live.state === 'gated' && live.at === null && isOpenGate(tables, live)),
  I8: ({ inbox, live }) =>
    count(inbox, ([id, unread]) => !live.has(id) || new Set(unread.map((message) => message.id)).size !== unread.length),
  orphan: ({ live, workers }) =>
    count(live.values(), (row) => (row.state === 'running' ? workers.get(row.worker ?? '')?.fenced !== false : row.worker !== null)),
  // A child that outlived the run that should have stopped it.
  left_behind: (tables) => count(tables.live.entries(), ([id, { row }]) => isLeftBehind(tables, id, row)),
  forgotten: ({ live }) => count(live.values(), (row) => row.state === 'waiting' && row.at === null && row.waits.length === 0),
}

export function violations(tables: Tables): { readonly invariant: string; readonly rows: number }[] {
  return Object.entries(checks)
    .map(([invariant, check]) => ({ invariant, rows: check(tables) }))
    .filter((found) => found.rows > 0)
}

function isLeftBehind({ results, inbox, journal }: Tables, id: string, { org, parent }: RunRow): boolean {
  if (parent === null || parent.close === 'abandon' || !results.has(key(org, parent.run))) return false
  return [...(inbox.get(id) ?? []), ...(journal.get(id) ?? [])].every(({ kind }) => kind !== 'cancel' && kind !== 'terminate')
}

function isOpenGate(tables: Tables, live: Live): boolean {
  const limit = live.gate === null ? undefined : tables.limits.get(key(live.row.org, live.gate))
  return limit === undefined || hasRoom(limit)
}

function count<T>(rows: Iterable<T>, broken: (row: T) => boolean): number {
  let found = 0
  for (const row of rows) if (broken(row)) found++
  return found
}
