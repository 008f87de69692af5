import { type ActiveRun, isLive, isPausing } from './active-run.ts'
import { deliver } from './deliver.ts'
import type { WorkerScope } from './worker-scope.ts'

/** Asks the workflow to stop, once per generation. Its shielded cleanup runs. */
export function deliverCancel(scope: WorkerScope, run: ActiveRun, reason: string, timedOut: boolean): void {
  if (run.generation.cancelled || !isLive(run)) return
  run.generation.cancelled = true
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
  if (deadline === null || run.generation.cancelled || run.deadline) return
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
