import { type Duration, parseDurationMs } from '@orrery/recurrence/duration'
import { cancelScope, openScope, type ScopeCarrier } from './cancel-scope.ts'
import { runAll, runIn, runRace, runShielded } from './concurrency.ts'
import type { ChildCallOptions, Context, RunOptions, ScopePromise, Thunk } from './context.ts'
import { issueCommand, scopeOf } from './issue-command.ts'
import { toJson } from './json.ts'
import { logTo, type MachineRun, refuseInQuery } from './machine-run.ts'
import { KEY_CHARS_MAX, requireName, TAGS_MAX } from './names.ts'
import type { ChildOptions, Json, StepCallOptions } from './protocol.ts'
import { parseRetry } from './retry.ts'
import { toLogText, toShownJson } from './shown-json.ts'
import { type Schema, validate } from './standard-schema.ts'
import type { StepLog } from './step.ts'
import type { WorkflowDefinition } from './workflow-definition.ts'

/** Thrown to leave the workflow function. The new generation is already decided by then. */
class ContinuedAsNew extends Error {
  override readonly name = 'ContinuedAsNew'
}

type Callee = WorkflowDefinition | string

/** The `ctx` of one run. Its types are those of `Context`; internally every value is plain JSON. */
export function makeContext(run: MachineRun, carrier: ScopeCarrier): Context {
  const issue = issueCommand.bind(null, run, carrier)
  const callChild = (callee: Callee, input: unknown, options: ChildCallOptions | undefined, detached: boolean): Promise<Json> => {
    const name = typeof callee === 'string' ? callee : callee.name
    return guarded(run, () => {
      requireName('name of the child workflow', name)
      return issue({ type: 'child', workflow: name, input: toJson(input, `input of ${name}`), options: childOptions(options), detached })
    })
  }
  const context = {
    info: run.info,
    run: (step: { readonly name: string }, input?: unknown, options?: RunOptions) =>
      guarded(run, () => {
        requireName('name of the step', step.name)
        return issue({ type: 'step', name: step.name, args: toJson(input, `input of ${step.name}`), options: stepOptions(options) })
      }),
    sleep: (duration: Duration) => guarded(run, () => issue({ type: 'sleep', until: run.at + parseDurationMs(duration) }).then(nothing)),
    sleepUntil: (time: Date | string) => guarded(run, () => issue({ type: 'sleep', until: parseTime(time) }).then(nothing)),
    waitFor: (name: string, schema?: Schema, options?: { readonly timeout?: Duration }) =>
      waitFor(run, issue, name, schema, options?.timeout),
    child: (callee: Callee, input?: unknown, options?: ChildCallOptions) => callChild(callee, input, options, false),
    start: (callee: Callee, input?: unknown, options?: ChildCallOptions) => callChild(callee, input, options, true),
    all: (thunks: readonly Thunk<unknown>[], options?: { readonly limit?: number }) => runAll(run, carrier, thunks, options?.limit),
    map: <Item>(items: readonly Item[], fn: (item: Item, index: number) => unknown, options?: { readonly limit?: number }) =>
      runAll(
        run,
        carrier,
        items.map((item, index) => () => fn(item, index)),
        options?.limit,
      ),
    race: (thunks: readonly Thunk<unknown>[]) => runRace(run, carrier, thunks),
    scope: <T>(fn: Thunk<T>): ScopePromise<T> => {
      const scope = openScope(scopeOf(run, carrier))
      return Object.assign(runIn(carrier, scope, fn), { cancel: (reason = 'the scope was cancelled') => cancelScope(scope, reason) })
    },
    shield: <T>(fn: Thunk<T>) => runShielded(run, carrier, fn),
    now: () => new Date(run.at),
    random: () => {
      refuseInQuery(run, 'ctx.random')
      return run.random.next()
    },
    uuid: () => {
      refuseInQuery(run, 'ctx.uuid')
      return run.random.uuid()
    },
    patched: (id: string) => patched(run, id),
    continueAsNew: (input: unknown): never => {
      refuseInQuery(run, 'ctx.continueAsNew')
      run.outcome ??= { type: 'continued', input: toJson(input, 'input of continueAsNew') }
      throw new ContinuedAsNew('the run continues as a new generation')
    },
    query: (name: string, handler: (args: never) => unknown) => void run.queries.set(name, handler),
    log: makeLog(run),
  }
  // The overloads derive a call's JSON type from the callee. A single implementation cannot express that.
  return context as unknown as Context
}

/** The line of a signal whose payload does not match the schema of the wait. Its data are the issues: `[{ path, message }]`. */
export const droppedSignal = (name: string): string => `signal ${name} was dropped because its payload is invalid`

async function waitFor(
  run: MachineRun,
  issue: (draft: { readonly type: 'signal'; readonly name: string; readonly until: number | null }) => Promise<Json>,
  name: string,
  schema: Schema | undefined,
  timeout: Duration | undefined,
): Promise<unknown> {
  requireName('name of the signal', name)
  const until = timeout === undefined ? null : run.at + parseDurationMs(timeout, `timeout of ${name}`)
  for (;;) {
    const payload = await issue({ type: 'signal', name, until })
    if (schema === undefined) return payload
    const checked = await validate(schema, payload)
    if (checked.ok) return checked.value
    // The wait keeps its deadline, so that a flood of invalid messages cannot prolong it.
    logTo(
      run,
      'warn',
      droppedSignal(name),
      checked.issues.map(({ path, message }) => ({ path, message })),
    )
  }
}

/** An invalid call rejects its promise, as a failing command does. It does not throw synchronously. */
function guarded<T>(run: MachineRun, fn: () => Promise<T>): Promise<T> {
  try {
    return fn()
  } catch (error) {
    if (run.answering) throw error
    return Promise.reject(error)
  }
}

function nothing(): void {}

function patched(run: MachineRun, id: string): boolean {
  requireName('id of the patch', id)
  const known = run.patches.get(id)
  if (known !== undefined) return known
  refuseInQuery(run, 'ctx.patched')
  // A history without the marker was made by code without the change. The answer stays false for the rest of this run.
  const fresh = !run.replaying
  run.patches.set(id, fresh)
  if (fresh && !run.reported) run.commands.push({ type: 'patch', id })
  return fresh
}

function parseTime(time: Date | string): number {
  if (typeof time === 'string' && !/(?:Z|[+-]\d\d:?\d\d)$/i.test(time.trim())) {
    throw new TypeError(`time ${JSON.stringify(time)} needs an offset; write '2030-01-31T09:00:00Z', for example`)
  }
  const at = typeof time === 'string' ? Date.parse(time) : time.getTime()
  if (Number.isNaN(at)) throw new TypeError(`time ${JSON.stringify(time)} is not a time`)
  return at
}

function stepOptions(options: RunOptions = {}): StepCallOptions {
  if (options.queue !== undefined) requireName('queue of the step', options.queue)
  return {
    ...(options.timeout === undefined ? {} : { timeoutMs: parseDurationMs(options.timeout, 'timeout') }),
    ...(options.retry === undefined ? {} : { retry: parseRetry(options.retry) }),
    ...(options.queue === undefined ? {} : { queue: options.queue }),
  }
}

function childOptions({ timeout, ...rest }: ChildCallOptions = {}): ChildOptions {
  const { queue, version, dedupeKey, tags = [] } = rest
  if (queue !== undefined) requireName('queue of the child', queue)
  if (version !== undefined) requireName('version of the child', version)
  if (dedupeKey !== undefined) requireName('dedupe key of the child', dedupeKey, KEY_CHARS_MAX)
  if (tags.length > TAGS_MAX) throw new TypeError(`a child has at most ${TAGS_MAX} tags, not ${tags.length}`)
  for (const tag of tags) requireName('tag of the child', tag)
  return timeout === undefined ? rest : { ...rest, timeoutMs: parseDurationMs(timeout, 'timeout') }
}

function makeLog(run: MachineRun): StepLog {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, data?: Json) =>
    logTo(run, level, toLogText(message), toShownJson(data))
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
