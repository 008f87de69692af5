import { childId } from '../../services/run/ids.ts'
import { key } from '../../store/memory/tables.ts'
import type { RunRow } from '../../store/store.ts'
import { originOf } from './check-history.ts'
import type { World } from './world.ts'

/**
 * A child that stays ends only if it is cancelled, which its parent has to do when it ends or takes the child back. These are exceptions: the
 * client cancels them when all is quiet. Any other child that its parent forgets is found, because its run never ends.
 */
export function isLeftBehind({ database, org }: World, { run, parent }: RunRow): boolean {
  // A retry or a fork of a child has no parent that could cancel it.
  if (parent === null) return true
  const id = key(org, parent.run)
  const result = database.tables.results.get(id)
  const generation = database.tables.journal.get(id)?.findLast(({ kind }) => kind === 'generation')
  const ofLastGeneration = childId(parent.run, Number(generation?.name ?? 0), parent.cmd, 0)
  // Known defect, to go from here with its mend: the store ends a terminated run by itself, and leaves its children alone.
  if (result?.error?.name === 'Cancelled') return true
  // Known defect, to go from here with its mend: a run that continues as new forgets its children.
  return originOf(ofLastGeneration) !== originOf(run)
}
