import type { StepImplementation } from '../../api.ts'
import type { Failure } from '../../workflow/protocol.ts'
import { isRetryable, nextDelayMs } from '../../workflow/retry.ts'
import { type ActiveRun, isLive } from '../run/active-run.ts'
import { deliver, note, rejected, resolved } from '../run/deliver.ts'
import type { OpenStep } from '../run/open-command.ts'
import type { Scope } from '../run/scope.ts'
import type { BodyOutcome } from './perform-step.ts'

/** Records how an attempt ended: the step's outcome, or another attempt later. */
export function settle(
  scope: Scope,
  run: ActiveRun,
  open: OpenStep,
  implementation: StepImplementation,
  outcome: BodyOutcome,
  startedAt: number,
): void {
  open.abort = null
  run.busy--
  if (!isLive(run) || run.open.get(open.cmd) !== open) {
    scope.considerIdle(run)
    return
  }
  scope.observe({ type: 'step', step: open.name, ok: outcome.ok, tookMs: scope.clock.now() - startedAt, attempt: open.attempt })
  if (outcome.ok) deliver(scope, run, resolved(open, outcome.output, open.attempt, startedAt))
  else if (!tryAgain(scope, run, open, implementation, outcome.failure, startedAt))
    deliver(scope, run, rejected(open, outcome.failure, open.attempt, startedAt))
  scope.considerIdle(run)
}

function tryAgain(
  scope: Scope,
  run: ActiveRun,
  open: OpenStep,
  implementation: StepImplementation,
  failure: Failure,
  startedAt: number,
): boolean {
  const policy = open.command.options.retry ?? implementation.retry
  const delayMs = isRetryable(policy, failure) ? nextDelayMs(policy, open.attempt, scope.random()) : null
  if (delayMs === null) return false
  const notBefore = Math.ceil(scope.clock.now() + delayMs)
  note(scope, run, {
    kind: 'attempt',
    cmd: open.cmd,
    name: open.name,
    input: open.input,
    output: String(notBefore),
    error: failure,
    attempt: open.attempt,
    startedAt,
  })
  open.attempt++
  open.notBefore = notBefore
  scope.begin(run, open, false)
  return true
}
