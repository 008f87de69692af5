import { describeMessage, type Json, problem, type RunStatus } from '@orrery/contract'
import type { CompanionRow, RunId, RunState, StartOutcome, StartProblem, StartWithCompanions } from '@orrery/engine'
import { type AnswerTo, type Ctx, durationMs, type InputFor, toRunId } from '@orrery/kernel'

/** A start that core describes may have an authority. The shapes of inputs have none. */
export interface WantedStart extends InputFor<'runs.start'>, Pick<StartWithCompanions, 'authority'> {}

/** @throws invalid_input */
export function toStartRequest(ctx: Ctx, input: WantedStart, companions: (run: RunId) => readonly CompanionRow[]): StartWithCompanions {
  return {
    org: ctx.org,
    workflow: input.workflow,
    input: input.input,
    companions,
    ...(input.authority === undefined ? {} : { authority: input.authority }),
    ...(input.version === undefined ? {} : { version: input.version }),
    ...(input.queue === undefined ? {} : { queue: input.queue }),
    ...(input.priority === undefined ? {} : { priority: input.priority }),
    ...(input.tags === undefined ? {} : { tags: [...new Set(input.tags)] }),
    ...(input.concurrencyKey === undefined ? {} : { concurrencyKey: input.concurrencyKey }),
    ...readTimes(ctx, input),
    ...readKeys(input),
  }
}

function readTimes(ctx: Ctx, input: InputFor<'runs.start'>): Pick<StartWithCompanions, 'at' | 'timeoutMs'> {
  if (input.at !== undefined && input.delay !== undefined) {
    const error = { path: 'delay', message: 'Must not be given together with at', expected: 'one of at and delay' }
    throw problem('invalid_input', 'Give either at or delay.', { errors: [error] })
  }
  const delayMs = input.delay === undefined ? null : durationMs(input.delay, 'delay')
  const at = input.at !== undefined ? Date.parse(input.at) : delayMs === null ? null : ctx.clock.now() + delayMs
  return {
    ...(at === null ? {} : { at }),
    ...(input.timeout === undefined ? {} : { timeoutMs: durationMs(input.timeout, 'timeout') }),
  }
}

/** The engine's form of a dedupe key. @param key its text, rendered if it is a template */
export function toDedupe({ window, reuse }: Pick<NonNullable<InputFor<'runs.start'>['dedupe']>, 'window' | 'reuse'>, key: string) {
  return { key, windowMs: durationMs(window, 'dedupe.window'), ...(reuse === undefined ? {} : { reuse }) }
}

function readKeys(input: InputFor<'runs.start'>): Pick<StartWithCompanions, 'dedupe' | 'debounce'> {
  const { dedupe, debounce } = input
  return {
    ...(dedupe === undefined ? {} : { dedupe: toDedupe(dedupe, dedupe.key) }),
    ...(debounce === undefined
      ? {}
      : {
          debounce: {
            key: debounce.key,
            delayMs: durationMs(debounce.delay, 'debounce.delay'),
            ...(debounce.maxDelay === undefined ? {} : { maxDelayMs: durationMs(debounce.maxDelay, 'debounce.maxDelay') }),
          },
        }),
  }
}

/** @throws workflow.not_found, workflow.version_not_found, invalid_input */
export function toStarted(outcome: StartOutcome | StartProblem): AnswerTo<'runs.start'> {
  switch (outcome.type) {
    case 'no_such_workflow':
      throw problem('workflow.not_found', `There is no workflow ${outcome.workflow}.`)
    case 'no_such_version':
      throw problem('workflow.version_not_found', `There is no version ${outcome.version} of workflow ${outcome.workflow}.`)
    case 'invalid_input': {
      const errors = outcome.issues.map((issue) => ({ path: joinPath('input', issue.path), message: describeMessage(issue.message) }))
      throw problem('invalid_input', 'The workflow does not accept this input.', { errors })
    }
    case 'started':
      return { runId: toRunId(outcome.run), outcome: 'started', status: toStatus(outcome.state), cancelled: outcome.cancelled.map(toRunId) }
    case 'existing':
    case 'debounced':
      return { runId: toRunId(outcome.run), outcome: outcome.type, status: null, cancelled: [] }
    case 'refused':
      return { runId: toRunId(outcome.run), outcome: 'refused', status: 'cancelled', cancelled: [] }
  }
}

function joinPath(root: string, path: string): string {
  return path === '' ? root : path.startsWith('[') ? `${root}${path}` : `${root}.${path}`
}

/** The detail of a start in the audit log, beside the digest of its input. */
export function startDetail(input: InputFor<'runs.start'>): Json {
  return { workflow: input.workflow }
}

/** A state of the engine as a status of the API. A run that a limit holds back is queued, like a run that waits for a worker. */
function toStatus(state: RunState): RunStatus {
  switch (state) {
    case 'ready':
    case 'gated':
      return 'queued'
    case 'running':
    case 'waiting':
    case 'paused':
    case 'blocked':
      return state
  }
}
