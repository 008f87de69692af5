import type { StepImplementation } from '../api.ts'
import { NonRetryableError, toFailure } from '../workflow/errors.ts'
import type { Failure, Json } from '../workflow/protocol.ts'
import { isRetryable, nextDelayMs } from '../workflow/retry.ts'
import type { ActiveRun, OpenCommand } from './active-run.ts'
import { deliver, note, rejected, resolved, whenSafe } from './deliver.ts'
import { failpoint } from './failpoints.ts'
import { block, considerIdle } from './park.ts'
import type { Scope } from './scope.ts'
import { makeStepContext } from './step-context.ts'
import { attemptTransactionally } from './tx-step.ts'

export type OpenStep = Extract<OpenCommand, { type: 'step' }>

/** Starts the next attempt of a step as soon as it may: not before its time, nor before what it depends on is durable, nor in a pausing run. */
export function startStep(scope: Scope, run: ActiveRun, open: OpenStep): void {
  if (run.pausing || scope.stopping || open.abort) return
  const wait = open.notBefore - scope.clock.now()
  if (wait > 0) {
    open.timer = scope.clock.setTimeout(() => {
      open.timer = null
      if (run.state === 'live' && run.open.get(open.cmd) === open) startStep(scope, run, open)
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
    if (abort.signal.aborted || run.pausing || scope.stopping) {
      open.abort = null
      run.busy--
      considerIdle(scope, run)
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
  open.startedAt = startedAt
  const outcome = await perform(scope, run, open, implementation, abort, {})
  failpoint('step.after')
  settle(scope, run, open, implementation, outcome, startedAt)
}

export type BodyOutcome = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly failure: Failure }

/** Runs a body under its time limits. Never throws. `extra` is added to the step's context (`tx`). */
export async function perform(
  scope: Scope,
  run: ActiveRun,
  open: OpenStep,
  implementation: StepImplementation,
  abort: AbortController,
  extra: object,
): Promise<BodyOutcome> {
  const made = makeStepContext(scope, run, open, implementation, abort)
  try {
    const body = implementation.body as (input: Json, context: object) => unknown
    const lastHeartbeat = open.attempt > 1 ? await scope.store.progress(run.row.org, run.id, open.cmd) : null
    const context = { ...made.context, ...extra, lastHeartbeat: lastHeartbeat === null ? null : (JSON.parse(lastHeartbeat) as Json) }
    const value = await Promise.race([Promise.resolve().then(() => body(JSON.parse(open.input) as Json, context)), made.expired])
    return { ok: true, output: toText(open.name, value) }
  } catch (error) {
    return { ok: false, failure: toFailure(error) }
  } finally {
    made.done()
  }
}

function toText(step: string, value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new NonRetryableError(`step "${step}" returned something that JSON cannot carry: ${why}`)
  }
}

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
  if (run.state !== 'live' || run.open.get(open.cmd) !== open) {
    considerIdle(scope, run)
    return
  }
  scope.observe({ type: 'step', step: open.name, ok: outcome.ok, tookMs: scope.clock.now() - startedAt, attempt: open.attempt })
  if (outcome.ok) deliver(scope, run, resolved(open, outcome.output, open.attempt, startedAt))
  else if (!tryAgain(scope, run, open, implementation, outcome.failure, startedAt))
    deliver(scope, run, rejected(open, outcome.failure, open.attempt, startedAt))
  considerIdle(scope, run)
}

function tryAgain(
  scope: Scope,
  run: ActiveRun,
  open: OpenStep,
  implementation: StepImplementation,
  failure: Failure,
  startedAt: number,
): boolean {
  const policy = implementation.retry
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
  startStep(scope, run, open)
  return true
}

export function abortStep(open: OpenStep, reason: string): void {
  open.abort?.abort(new Error(reason))
}
