import type { OrgId, RunId } from '../store.ts'
import { key, type Tables } from './tables.ts'

/** Deletes ended runs whole, except those that a live parent may start again. Returns those it deleted. */
export function deleteRuns(tables: Tables, org: OrgId, runs: readonly RunId[]): RunId[] {
  const gone = [...new Set(runs)].filter((run) => {
    const row = tables.runs.get(key(org, run))
    const isOver = row !== undefined && tables.results.has(key(org, run)) && !tables.live.has(key(org, run))
    return isOver && (row.parent === null || !tables.live.has(key(org, row.parent.run)))
  })
  const isGone = new Set(gone)
  for (const run of gone) {
    for (const table of [tables.runs, tables.journal, tables.results]) table.delete(key(org, run))
  }
  for (const keys of [tables.dedupes, tables.debounces]) {
    for (const [name, { run }] of keys) if (name.startsWith(key(org, '')) && isGone.has(run)) keys.delete(name)
  }
  const kept = tables.logs.filter((row) => row.org !== org || !isGone.has(row.run))
  tables.logs.splice(0, tables.logs.length, ...kept)
  return gone
}
