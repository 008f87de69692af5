import type { Failure } from '../../workflow/protocol.ts'
import { isRetryable, nextDelayMs } from '../../workflow/retry.ts'
import { failpoint } from '../failpoints.ts'
import { type ActiveRun, isLive, isPausing } from '../run/active-run.ts'
import { deliver, record, rejected, resolved, whenSafe } from '../run/deliver.ts'
import type { OpenStep } from '../run/open-command.ts'
import { block, considerIdle } from '../run/park.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { type BodyOutcome, perform } from './perform-step.ts'
import type { Attempt } from './step-context.ts'
import { attemptTransactionally } from './tx-step.ts'

/**
 * Starts the next attempt of a step at its earliest time: not before its delay is over, not before everything it depends on is durable, and
 * not in a pausing run.
 */
export function startStep(scope: WorkerScope, run: ActiveRun, open: OpenStep): void {
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
    block(scope, run, `This worker has no step named "${open.name}". Deploy code that has it, then resume the run.`)
    return
  }
  run.busy++
  open.abort = new AbortController()
  const abort = open.abort
  whenSafe(scope, run, () => {
    if (abort.signal.aborted || isPausing(run) || scope.stopping) {
      open.abort = null
      run.busy--
      considerIdle(scope, run)
      return
    }
    failpoint('step.before')
    const attempt: Attempt = { run, open, implementation, abort, startedAt: scope.clock.now() }
    if (implementation.transactional) attemptTransactionally(scope, attempt, (outcome) => settle(scope, attempt, outcome))
    else void attemptOnce(scope, attempt)
  })
}

async function attemptOnce(scope: WorkerScope, attempt: Attempt): Promise<void> {
  const outcome = await perform(scope, attempt, {})
  failpoint('step.after')
  settle(scope, attempt, outcome)
}

/** Records the end of an attempt: as the step's outcome, or as a failed attempt that will be retried. */
function settle(scope: WorkerScope, attempt: Attempt, outcome: BodyOutcome): void {
  const { run, open, startedAt } = attempt
  open.abort = null
  run.busy--
  if (!isLive(run) || run.open.get(open.cmd) !== open) {
    considerIdle(scope, run)
    return
  }
  scope.observe({ type: 'step', step: open.name, ok: outcome.ok, tookMs: scope.clock.now() - startedAt, attempt: open.attempt })
  if (outcome.ok) deliver(scope, run, resolved(open, outcome.output, open.attempt, startedAt))
  else if (!tryAgain(scope, attempt, outcome.failure)) deliver(scope, run, rejected(open, outcome.failure, open.attempt, startedAt))
  considerIdle(scope, run)
}

/** False: the retry policy allows no further attempt. */
function tryAgain(scope: WorkerScope, { run, open, implementation, startedAt }: Attempt, failure: Failure): boolean {
  const policy = open.command.options.retry ?? implementation.retry
  const delayMs = isRetryable(policy, failure) ? nextDelayMs(policy, open.attempt, scope.random()) : null
  if (delayMs === null) return false
  const notBefore = Math.ceil(scope.clock.now() + delayMs)
  record(scope, run, {
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
  startStep(scope, run, open)
  return true
}
