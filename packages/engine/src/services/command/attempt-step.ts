import type { StepImplementation } from '../../api.ts'
import { failpoint } from '../failpoints.ts'
import { type ActiveRun, isLive, isPausing } from '../run/active-run.ts'
import { whenSafe } from '../run/deliver.ts'
import type { OpenStep } from '../run/open-command.ts'
import type { Scope } from '../run/scope.ts'
import { perform } from './perform-step.ts'
import { settle } from './settle-step.ts'
import { attemptTransactionally } from './tx-step.ts'

/**
 * Starts the next attempt of a step as soon as it may: not before its time, nor before what it depends on is durable, nor in a pausing
 * run.
 */
export function startStep(scope: Scope, run: ActiveRun, open: OpenStep): void {
  if (isPausing(run) || scope.stopping || open.abort) return
  const wait = open.notBefore - scope.clock.now()
  if (wait > 0) {
    open.timer = scope.clock.setTimeout(() => {
      open.timer = null
      if (isLive(run) && run.open.get(open.cmd) === open) startStep(scope, run, open)
    }, wait)
    return
  }
  const implementation = scope.steps.find(open.name)
  if (implementation === undefined) {
    scope.block(run, `This worker has no step named "${open.name}". Deploy code that has it, then resume the run.`)
    return
  }
  run.busy++
  open.abort = new AbortController()
  const abort = open.abort
  whenSafe(scope, run, () => {
    if (abort.signal.aborted || isPausing(run) || scope.stopping) {
      open.abort = null
      run.busy--
      scope.considerIdle(run)
      return
    }
    failpoint('step.before')
    if (implementation.transactional) attemptTransactionally(scope, run, open, implementation, abort)
    else void attempt(scope, run, open, implementation, abort)
  })
}

async function attempt(
  scope: Scope,
  run: ActiveRun,
  open: OpenStep,
  implementation: StepImplementation,
  abort: AbortController,
): Promise<void> {
  const startedAt = scope.clock.now()
  const outcome = await perform(scope, run, open, implementation, abort, {})
  failpoint('step.after')
  settle(scope, run, open, implementation, outcome, startedAt)
}
