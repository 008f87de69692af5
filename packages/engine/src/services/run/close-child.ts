import type { ActiveRun } from './active-run.ts'
import { childId } from './ids.ts'
import type { OpenChild } from './open-command.ts'
import type { WorkerScope } from './worker-scope.ts'

/** Closes a child that has not ended when its parent ends. */
export function closeChild(scope: WorkerScope, run: ActiveRun, open: OpenChild): void {
  if (open.command.options.parentClose !== 'abandon') cancelChild(scope, run, open, 'its parent ended')
}

/** Asks a child to stop because its parent no longer waits for it: it lost a race, or its scope or its parent was cancelled. */
export function cancelDroppedChild(scope: WorkerScope, run: ActiveRun, open: OpenChild): void {
  cancelChild(scope, run, open, 'its parent no longer waits for it')
}

/**
 * Invariant (I11): the message's id depends only on the child, so a request sent twice is received once. It is sent even if the child may
 * not exist: an earlier incarnation of the run may have started it, and a message to a run that is not live is dropped.
 */
function cancelChild(scope: WorkerScope, run: ActiveRun, open: OpenChild, reason: string): void {
  // A detached child does not depend on its parent.
  if (open.command.detached) return
  const id = childId(open.child, 0, 0, 0)
  scope.flusher.add(run.id, 'messages', { org: run.row.org, run: open.child, id, kind: 'cancel', reason })
}
