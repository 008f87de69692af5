import type { ActiveRun } from './active-run.ts'
import { childId } from './child-id.ts'
import type { OpenChild } from './open-command.ts'
import type { Scope } from './scope.ts'

/** Closes a child that has not answered when its parent ends. */
export function closeChild(scope: Scope, run: ActiveRun, open: OpenChild): void {
  if (open.command.options.parentClose !== 'abandon') cancelChild(scope, run, open, 'its parent ended')
}

/** Asks a child to stop because its parent no longer waits for it: it lost a race, or its scope or its parent was cancelled. */
export function takeBackChild(scope: Scope, run: ActiveRun, open: OpenChild): void {
  cancelChild(scope, run, open, 'its parent took it back')
}

/**
 * Invariant (I11): the id depends on the child alone, so that asking twice is asking once. Whether the child exists is not asked: an earlier
 * incarnation of the run may have started it, and a message to a run that is not live is dropped.
 */
function cancelChild(scope: Scope, run: ActiveRun, open: OpenChild, reason: string): void {
  // A detached child stands alone.
  if (open.command.detached) return
  const id = childId(open.child, 0, 0, 0)
  const message = { org: run.row.org, run: open.child, id, kind: 'cancel', name: reason, payload: null, error: null } as const
  scope.flusher.add(run.id, 'messages', message)
}
