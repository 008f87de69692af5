import { childId } from '../../services/run/ids.ts'
import { key } from '../../store/memory/tables.ts'
import type { RunRow } from '../../store/store.ts'
import { originOf } from './check-history.ts'
import type { World } from './world.ts'

/**
 * A child that stays ends only if its parent cancels it, when the parent ends or drops the child. In the cases below no parent does, so the
 * client cancels the child after the faults. A child forgotten in any other case is found, because its run never ends.
 */
export function isLeftBehind({ database, org }: World, { run, parent }: RunRow): boolean {
  // A retry or a fork of a child has no parent that could cancel it.
  if (parent === null) return true
  const id = key(org, parent.run)
  const result = database.tables.results.get(id)
  const generation = database.tables.journal.get(id)?.findLast(({ kind }) => kind === 'generation')
  const ofLastGeneration = childId(parent.run, Number(generation?.name ?? 0), parent.cmd, 0)
  // Known defect, to be removed from here when it is fixed: the store ends a terminated run without closing its children.
  if (result?.error?.name === 'Cancelled') return true
  // Known defect, to be removed from here when it is fixed: a run that continues as new forgets its children.
  return originOf(ofLastGeneration) !== originOf(run)
}
