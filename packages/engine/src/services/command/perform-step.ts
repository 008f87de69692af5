import { pause } from '../../clock.ts'
import { NonRetryableError, toFailure } from '../../workflow/errors.ts'
import { toJsonText } from '../../workflow/json.ts'
import type { Failure, Json } from '../../workflow/protocol.ts'
import { toError } from '../observe.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { type Attempt, makeStepContext, type PreparedContext } from './step-context.ts'

export type BodyOutcome = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly failure: Failure }

/** Runs a step body within its time limits. Never throws. `extra` is added to the step's context (`tx`). */
export async function perform(scope: WorkerScope, attempt: Attempt, extra: object): Promise<BodyOutcome> {
  const { open, implementation, abort } = attempt
  let made: PreparedContext | null = null
  try {
    const body = implementation.body as (input: Json, context: object) => unknown
    // The time limits are those of the body, so they begin after this.
    const lastHeartbeat = open.attempt > 1 ? await readHeartbeat(scope, attempt) : null
    abort.signal.throwIfAborted()
    made = makeStepContext(scope, attempt)
    const context = { ...made.context, ...extra, lastHeartbeat: lastHeartbeat === null ? null : (JSON.parse(lastHeartbeat) as Json) }
    const work = async () => toText(open.name, await body(JSON.parse(open.input) as Json, context))
    return { ok: true, output: await Promise.race([made.own(work), made.expired]) }
  } catch (error) {
    const read = () => toFailure(error)
    return { ok: false, failure: made === null ? read() : made.own(read) }
  } finally {
    made?.done()
  }
}

const RETRY_MS = 200

/** A broken connection is not a failure of the step: the attempt waits until the database answers. */
async function readHeartbeat(scope: WorkerScope, { run, open, abort }: Attempt): Promise<string | null> {
  for (;;) {
    try {
      return await scope.store.progress(run.row.org, run.id, open.cmd)
    } catch (error) {
      if (abort.signal.aborted) throw abort.signal.reason
      scope.observe({ type: 'trouble', where: 'heartbeat', error: toError(error) })
      await pause(scope.clock, RETRY_MS)
    }
  }
}

/** A value that JSON cannot carry is a mistake of the code, so a further attempt would not help. */
function toText(step: string, value: unknown): string {
  try {
    return toJsonText(value, `output of step "${step}"`)
  } catch (error) {
    throw new NonRetryableError(toFailure(error).message)
  }
}
