import type { StepImplementation } from '../api.ts'
import { NonRetryableError, toFailure } from '../workflow/errors.ts'
import type { Failure, Json } from '../workflow/protocol.ts'
import type { ActiveRun } from './active-run.ts'
import type { OpenStep } from './open-command.ts'
import type { Scope } from './scope.ts'
import { makeStepContext } from './step-context.ts'

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
