import { type ActiveRun, isLive, isPausing } from './active-run.ts'
import { deliver } from './deliver.ts'
import { childId } from './ids.ts'
import type { OpenChild } from './open-command.ts'
import type { WorkerScope } from './worker-scope.ts'

/** Asks the workflow to stop, once per generation. Its shielded cleanup runs. */
export function deliverCancel(scope: WorkerScope, run: ActiveRun, reason: string, timedOut: boolean): void {
  if (run.generation.cancelled !== null || !isLive(run)) return
  run.generation.cancelled = reason
  const row = { cmd: 0, input: null, error: null, attempt: 0, startedAt: run.at }
  deliver(scope, run, {
    ...row,
    kind: 'cancel',
    name: timedOut ? 'timeout' : 'cancel',
    output: JSON.stringify(reason),
    delivery: { type: 'cancel', reason, timedOut },
  })
}

/** Arms the timer of the run's own deadline. */
export function armDeadline(scope: WorkerScope, run: ActiveRun): void {
  const deadline = run.row.deadline
  if (deadline === null || run.generation.cancelled !== null || run.deadline) return
  const wait = deadline - scope.clock.now()
  const fire = (): void => {
    run.deadline = null
    if (!isLive(run) || isPausing(run)) return
    if (scope.clock.now() < deadline) armDeadline(scope, run)
    else deliverCancel(scope, run, 'its time ran out', true)
  }
  if (wait <= 0) fire()
  else run.deadline = scope.clock.setTimeout(fire, wait)
}

/**
 * Asks a child to stop because its parent no longer waits for it: it lost a race, or its scope was cancelled. Invariant (I11): the message's
 * id depends only on the child, so a request sent twice is received once. It is sent even if the child may not exist: an earlier incarnation
 * of the run may have started it, and a message to a run that is not live is dropped.
 */
export function cancelDroppedChild(scope: WorkerScope, run: ActiveRun, open: OpenChild): void {
  // A detached child does not depend on its parent.
  if (open.command.detached) return
  const message = { org: run.row.org, run: open.child, id: childId(open.child, 0, 0, 0) }
  scope.flusher.add(run.id, 'messages', { ...message, kind: 'cancel', reason: 'its parent no longer waits for it' })
}
