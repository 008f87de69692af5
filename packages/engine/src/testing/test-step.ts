import { type Duration, parseDurationMs } from '@orrery/recurrence/duration'
import { toFailure } from '../workflow/errors.ts'
import { toJson } from '../workflow/json.ts'
import type { Command, Delivery, Failure, Json } from '../workflow/protocol.ts'
import { DEFAULT_RETRY, isRetryable, nextDelayMs } from '../workflow/retry.ts'
import type { StepContext } from '../workflow/step.ts'
import { stepRegistry } from '../workflow/step-registry.ts'

const DELAYED = Symbol('takes')

interface Delayed {
  readonly [DELAYED]: number
  readonly replacement: unknown
}

export type StepReplacement = ((input: never, context: StepContext) => unknown) | Json | Delayed

/** A replacement whose outcome arrives after `duration` of virtual time, for tests of timeouts and races. */
export function takes(duration: Duration, replacement: ((input: never, context: StepContext) => unknown) | Json): Delayed {
  return { [DELAYED]: parseDurationMs(duration), replacement }
}

type StepCommand = Extract<Command, { readonly type: 'step' }>

interface Recorder {
  record(attempt: { readonly name: string; readonly input: Json; readonly attempt: number }): unknown
}

/** Performs all attempts of a step under its own retry policy. Returns the outcome and the virtual time that it took. */
export async function attemptStep(
  command: StepCommand,
  replaced: StepReplacement | undefined,
  recorder: Recorder,
): Promise<{ afterMs: number; delivery: Delivery }> {
  const { cmd, name, args } = command
  const declared = stepRegistry().find(name)
  const retry = command.options.retry ?? declared?.retry ?? DEFAULT_RETRY
  const timeoutMs = command.options.timeoutMs ?? declared?.timeoutMs ?? Number.POSITIVE_INFINITY
  const delayed = isDelayed(replaced)
  const takesMs = delayed ? replaced[DELAYED] : 0
  const body = delayed ? replaced.replacement : replaced === undefined ? declared?.body : replaced
  if (body === undefined) {
    const message = `step ${name} has no body here; import its module or replace it in steps: { ${JSON.stringify(name)}: … }`
    return { afterMs: 0, delivery: { type: 'reject', cmd, error: { name: 'Error', kind: 'non_retryable', message } } }
  }
  let afterMs = 0
  for (let attempt = 1; ; attempt++) {
    recorder.record({ name, input: args, attempt })
    afterMs += Math.min(takesMs, timeoutMs)
    const outcome = takesMs > timeoutMs ? timedOut(name) : await runBody(body, args, stepContext(name, cmd, attempt))
    if (outcome.ok) return { afterMs, delivery: { type: 'resolve', cmd, value: outcome.value } }
    const delayMs = isRetryable(retry, outcome.error) ? nextDelayMs(retry, attempt, 0.5) : null
    if (delayMs === null) return { afterMs, delivery: { type: 'reject', cmd, error: outcome.error } }
    afterMs += delayMs
  }
}

type Outcome = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: Failure }

async function runBody(body: unknown, input: Json, context: StepContext): Promise<Outcome> {
  try {
    const value: unknown = typeof body === 'function' ? await body(input, context) : body
    return { ok: true, value: toJson(value, `output of step "${context.step}"`) }
  } catch (error) {
    return { ok: false, error: toFailure(error) }
  }
}

function timedOut(name: string): Outcome {
  return { ok: false, error: { name: 'TimeoutError', kind: 'timeout', message: `step ${name} took longer than its timeout` } }
}

function stepContext(step: string, cmd: number, attempt: number): StepContext {
  const silent = () => {}
  return {
    runId: 'test-run',
    orgId: 'test-org',
    workflow: 'test-workflow',
    step,
    attempt,
    idempotencyKey: `test-run/${cmd}`,
    scopes: [],
    signal: new AbortController().signal,
    heartbeat: silent,
    lastHeartbeat: null,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  }
}

const isDelayed = (value: unknown): value is Delayed => typeof value === 'object' && value !== null && DELAYED in value
