import { type AutomationDefinition, type FieldError, isReservedWorkflow, problem, RESERVED_WORKFLOW_PREFIX } from '@orrery/contract'
import { ExpressionError, parseCondition, parseTemplate } from '@orrery/expressions'
import { type Ctx, durationMs, requireGrantableScopes, type Transaction } from '@orrery/kernel'
import { findZone } from '@orrery/recurrence'
import { checkRawPipeline, requireValid } from '../../pipelines/check-raw-pipeline.ts'
import { readStored } from '../../pipelines/read-pipeline.ts'
import { warnOfConnections } from '../../pipelines/warn-of-connections.ts'
import { refuseSchedule } from '../../schedules/refuse-schedule.ts'
import { findMissing } from '../../workflows/find-missing.ts'
import { warnOfInput } from '../../workflows/warn-of-input.ts'
import type { StoredSchedule, StoredTrigger } from '../automation-row.ts'
import { compileTopic } from '../planning/compile-topic.ts'
import { askTimetable, type TimetableSources } from './ask-timetable.ts'
import { nameOf, type PlannedTrigger } from './read-definition.ts'
import { warnOfPolls, warnOfScopes } from './warn-of-first-run.ts'

export interface CheckedTriggers {
  readonly planned: readonly PlannedTrigger[]
  readonly sources: TimetableSources
  /** False: the stored automation has the same trigger, whose times may have passed by now. */
  isNew(trigger: PlannedTrigger): boolean
}

/**
 * Checks all of a definition before it is stored. Returns warnings.
 * @throws invalid_input, schedule.invalid, pipeline.invalid, forbidden
 */
export async function checkDefinition(
  ctx: Ctx,
  tx: Transaction,
  definition: AutomationDefinition,
  { planned, sources, isNew }: CheckedTriggers,
): Promise<string[]> {
  const errors = [...checkMembers(definition), ...checkKeys(planned), ...planned.flatMap(checkTrigger)]
  requireNoErrors(errors)
  requireGrantableScopes(ctx, definition.scopes ?? [])
  const nowMs = ctx.clock.now()
  const warnings: string[] = []
  for (const trigger of planned) warnings.push(...(await checkTimes(ctx, trigger, sources, nowMs, isNew(trigger))))
  await checkWorkflow(ctx, tx, definition)
  const { scopes = [], workflow } = definition
  const ofRuns = workflow === undefined ? await checkPipelineOf(ctx, tx, definition) : await warnOfInput(ctx, tx, workflow)
  return [...warnings, ...ofRuns, ...(await warnOfPolls(tx, ctx.org, planned, scopes))]
}

/** Warnings about the times of a trigger, if it is a schedule. @throws schedule.invalid, rate_limited */
export async function checkTimes(
  context: Pick<Ctx, 'org' | 'kernel'>,
  { definition, given, path, key }: PlannedTrigger,
  sources: TimetableSources,
  nowMs: number,
  isNew = true,
): Promise<string[]> {
  if (definition.type !== 'schedule') return []
  const place = `${path}schedule`
  const checked = await askTimetable(context, sources, 'check', { trigger: definition, triggerId: key, args: { nowMs } })
  if (!checked.ok) refuseSchedule(checked.issues, place, given.type === 'schedule' && typeof given.schedule === 'string')
  const { isOver, warnings } = checked.value
  if (!isOver) return [...warnings]
  if (isNew) requireFutureDate(definition, place)
  return warnings.length > 0 ? [...warnings] : ['It has no occurrence left.']
}

/** A rule without a further occurrence only causes a warning. Dates that have all passed are an error. */
function requireFutureDate({ schedule }: StoredSchedule, path: string): void {
  if (schedule.include.some(({ kind }) => kind !== 'dates')) return
  const message = 'All of its times have passed'
  throw problem('schedule.invalid', `${path}: ${message}.`, { errors: [{ path, message, expected: 'a time in the future' }] })
}

function checkMembers(definition: AutomationDefinition): FieldError[] {
  const { pipeline, workflow, retry, queue, timezone, timeout, dedupe } = definition
  const errors: FieldError[] = []
  const add = (path: string, message: string) => errors.push({ path, message })
  // A name derived from a title consists of its Latin letters and digits, and a title may have none.
  if (nameOf(definition) === null) add('name', 'Give a name, or a title with Latin letters or digits')
  if (pipeline === undefined && workflow === undefined) add('pipeline', 'There is nothing to run: give a pipeline or a workflow')
  if (pipeline !== undefined && workflow !== undefined) add('workflow', 'Give either a pipeline or a workflow')
  if (workflow !== undefined && retry !== undefined) add('retry', 'Only for pipelines: the steps of a workflow set their own retries')
  if (workflow === undefined && queue !== undefined) add('queue', 'Only for workflows')
  if (workflow !== undefined && definition.scopes !== undefined) add('scopes', 'Only for pipelines: a workflow does not call tools by name')
  if (timezone !== undefined && findZone(timezone) === undefined) add('timezone', `${JSON.stringify(timezone)} is not an IANA time zone`)
  if (timeout !== undefined && durationMs(timeout, 'timeout') <= 0) add('timeout', 'Must be greater than zero')
  if (dedupe !== undefined && durationMs(dedupe.window, 'dedupe.window') <= 0) add('dedupe.window', 'Must be greater than zero')
  for (const [path, text] of [
    ['concurrencyKey', definition.concurrencyKey],
    ['dedupe.key', dedupe?.key],
  ] as const) {
    const message = text === undefined ? null : findSyntaxError(() => parseTemplate(text))
    if (message !== null) add(path, message)
  }
  return errors
}

function checkKeys(triggers: readonly PlannedTrigger[]): FieldError[] {
  const keys = triggers.map(({ key }) => key)
  const twice = triggers.filter(({ key }, at) => keys.indexOf(key) !== at)
  return twice.map(({ key, path }) => ({ path: `${path}key`, message: `Another trigger has the key ${key}` }))
}

/** Checks topics and expressions of a trigger. `checkTimes` checks schedules. */
function checkTrigger({ definition, path }: PlannedTrigger): FieldError[] {
  const errors: FieldError[] = []
  const add = (member: string, message: string | null) => void (message !== null && errors.push({ path: path + member, message }))
  const topic = (text: string) => {
    const compiled = compileTopic(text)
    add('topic', compiled.ok ? null : `${compiled.problem.message} (at character ${compiled.problem.position + 1})`)
  }
  const expression = (member: string, text: string) =>
    add(
      member,
      findSyntaxError(() => parseCondition(text)),
    )
  switch (definition.type) {
    case 'schedule':
      break
    case 'event':
      topic(definition.topic)
      if (definition.filter !== undefined) expression('filter', definition.filter)
      break
    case 'condition':
      checkCondition(definition, path, add)
      if (definition.topic !== undefined) topic(definition.topic)
      expression('condition', definition.condition)
      break
    case 'webhook':
      if (definition.filter !== undefined) expression('filter', definition.filter)
  }
  return errors
}

const POLL_MS_MIN = 1_000

function checkCondition(
  { topic, poll, mode, every }: Extract<StoredTrigger, { type: 'condition' }>,
  path: string,
  add: (member: string, message: string | null) => void,
): void {
  if ((topic === undefined) === (poll === undefined)) add('topic', 'Give either a topic (events) or a poll (a tool)')
  if (poll !== undefined && durationMs(poll.every, `${path}poll.every`) < POLL_MS_MIN) add('poll.every', `At least ${POLL_MS_MIN} ms`)
  if (every !== undefined) durationMs(every, `${path}every`)
  if (every !== undefined && mode !== 'level') add('every', 'Only for mode level')
}

function findSyntaxError(read: () => unknown): string | null {
  try {
    read()
    return null
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return error.at === null ? error.message : `${error.message} (at character ${error.at + 1})`
  }
}

function requireNoErrors(errors: readonly FieldError[]): void {
  const [first] = errors
  if (first === undefined) return
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  throw problem('invalid_input', `${first.path}: ${first.message}${more}`, { errors })
}

async function checkWorkflow(ctx: Ctx, tx: Transaction, { workflow }: AutomationDefinition): Promise<void> {
  if (workflow === undefined) return
  // Orrery's own workflows take input that callers may not choose, such as scopes.
  if (isReservedWorkflow(workflow.name))
    requireNoErrors([{ path: 'workflow.name', message: `Names that begin with ${RESERVED_WORKFLOW_PREFIX} are reserved` }])
  const member = await findMissing(tx, ctx.org, workflow)
  if (member === null) return
  requireNoErrors([
    { path: `workflow.${member}`, message: `There is no ${member === 'name' ? 'workflow' : 'version'} ${workflow[member]}` },
  ])
}

/**
 * Checks an inline pipeline completely, and of a stored one its existence. Warns of scopes that its tools would lack.
 * @throws pipeline.invalid, pipeline.not_found
 */
async function checkPipelineOf(ctx: Ctx, tx: Transaction, { pipeline, scopes = [] }: AutomationDefinition): Promise<string[]> {
  if (pipeline === undefined) return []
  if (typeof pipeline === 'string') {
    const stored = await readStored(tx, ctx.org, pipeline, null)
    // It was checked when it was saved, and a connection may have been deleted since.
    const connections = await warnOfConnections(tx, ctx.org, stored.definition)
    return [
      ...connections.map(({ path, message }) => `${path}: ${message}`),
      ...(await warnOfScopes(tx, ctx.org, stored.definition, scopes)),
    ]
  }
  const { warnings, definition } = requireValid(await checkRawPipeline(ctx, pipeline as never, null))
  return [...warnings.map(({ path, message }) => `${path}: ${message}`), ...(await warnOfScopes(tx, ctx.org, definition, scopes))]
}
