import { type AutomationDefinition, type FieldError, problem } from '@orrery/contract'
import { ExpressionError, parseCondition, parseTemplate } from '@orrery/expressions'
import { type Ctx, durationMs, requireGrantableScopes, type Transaction } from '@orrery/kernel'
import { analyse, findZone, nextOccurrence, type ScheduleSources } from '@orrery/recurrence'
import { judgePipeline, requireValid } from '../../pipelines/judge-pipeline.ts'
import { readStored } from '../../pipelines/read-pipeline.ts'
import { checkSchedule } from '../../schedules/check-schedule.ts'
import { warnOf } from '../../schedules/warn-of.ts'
import { findMissing } from '../../workflows/find-missing.ts'
import type { StoredSchedule, StoredTrigger } from '../automation-row.ts'
import { compileTopic } from '../planning/compile-topic.ts'
import { nameOf, type PlannedTrigger } from './read-definition.ts'

export interface CheckedTriggers {
  readonly planned: readonly PlannedTrigger[]
  readonly sources: ScheduleSources
  /** False: it stands in the automation as it is, and may have done its work. */
  isNew(trigger: PlannedTrigger): boolean
}

/**
 * Everything that can be wrong with a definition, before it is stored. Gives what may surprise.
 * @throws invalid_input, schedule.invalid, pipeline.invalid, forbidden
 */
export async function checkDefinition(
  ctx: Ctx,
  tx: Transaction,
  definition: AutomationDefinition,
  { planned, sources, isNew }: CheckedTriggers,
): Promise<string[]> {
  const errors = [...checkMembers(definition), ...checkKeys(planned), ...planned.flatMap(checkTrigger)]
  refuseIfAny(errors)
  requireGrantableScopes(ctx, definition.scopes ?? [])
  const nowMs = ctx.clock.now()
  const warnings = planned.flatMap((trigger) => checkTimes(trigger, sources, nowMs, isNew(trigger)))
  await checkWorkflow(ctx, tx, definition)
  return [...warnings, ...(await checkPipelineOf(ctx, tx, definition))]
}

/** What each schedule among the triggers may surprise with. @throws schedule.invalid */
export function checkTimes({ definition, given, path }: PlannedTrigger, sources: ScheduleSources, nowMs: number, isNew = true): string[] {
  if (definition.type !== 'schedule') return []
  const place = `${path}schedule`
  const compiled = checkSchedule(definition.schedule, sources, place, given.type === 'schedule' && typeof given.schedule === 'string')
  const warnings = warnOf(analyse(compiled, nowMs), compiled, nowMs)
  if (nextOccurrence(compiled, nowMs - 1).kind !== 'ended') return warnings
  if (isNew) requireRule(definition, place)
  return warnings.length > 0 ? warnings : ['It has no occurrence left.']
}

/** A rule that ended, or never occurs, is only warned of; dates that have passed are a mistake. */
function requireRule({ schedule }: StoredSchedule, path: string): void {
  if (schedule.include.some(({ kind }) => kind !== 'dates')) return
  const message = 'All of its times have passed'
  throw problem('schedule.invalid', `${path}: ${message}.`, { errors: [{ path, message, expected: 'a time in the future' }] })
}

function checkMembers(definition: AutomationDefinition): FieldError[] {
  const { pipeline, workflow, retry, queue, timezone, timeout, dedupe } = definition
  const errors: FieldError[] = []
  const add = (path: string, message: string) => errors.push({ path, message })
  // It is made of the Latin letters and the digits of a title, which may have none.
  if (nameOf(definition) === null) add('name', 'An automation has a name, or a title with letters or digits to make one of')
  if (pipeline === undefined && workflow === undefined) add('pipeline', 'Nothing to run: give a pipeline or a workflow')
  if (pipeline !== undefined && workflow !== undefined) add('workflow', 'Either a pipeline or a workflow')
  if (workflow !== undefined && retry !== undefined) add('retry', 'Of pipelines only: the steps of a workflow have their own')
  if (workflow === undefined && queue !== undefined) add('queue', 'Of workflows only')
  if (workflow !== undefined && definition.scopes !== undefined) add('scopes', 'Of pipelines only: a workflow calls no tools by name')
  if (timezone !== undefined && findZone(timezone) === undefined) add('timezone', `${JSON.stringify(timezone)} is no IANA time zone`)
  if (timeout !== undefined && durationMs(timeout, 'timeout') <= 0) add('timeout', 'Longer than nothing')
  if (dedupe !== undefined && durationMs(dedupe.window, 'dedupe.window') <= 0) add('dedupe.window', 'Longer than nothing')
  for (const [path, text] of [
    ['concurrencyKey', definition.concurrencyKey],
    ['dedupe.key', dedupe?.key],
  ] as const) {
    const message = text === undefined ? null : whyUnreadable(() => parseTemplate(text))
    if (message !== null) add(path, message)
  }
  return errors
}

function checkKeys(triggers: readonly PlannedTrigger[]): FieldError[] {
  const keys = triggers.map(({ key }) => key)
  const twice = triggers.filter(({ key }, at) => keys.indexOf(key) !== at)
  return twice.map(({ key, path }) => ({ path: `${path}key`, message: `Another trigger is called ${key} too` }))
}

/** Topics and expressions of a trigger; schedules are looked at by themselves. */
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
      whyUnreadable(() => parseCondition(text)),
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

const pollMsMin = 1_000

function checkCondition(
  { topic, poll, mode, every }: Extract<StoredTrigger, { type: 'condition' }>,
  path: string,
  add: (member: string, message: string | null) => void,
): void {
  if ((topic === undefined) === (poll === undefined)) add('topic', 'A condition is about events (topic) or about a tool (poll)')
  if (poll !== undefined && durationMs(poll.every, `${path}poll.every`) < pollMsMin) add('poll.every', `At least ${pollMsMin} ms`)
  if (every !== undefined) durationMs(every, `${path}every`)
  if (every !== undefined && mode !== 'level') add('every', 'Of mode level')
}

function whyUnreadable(read: () => unknown): string | null {
  try {
    read()
    return null
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return error.at === null ? error.message : `${error.message} (at character ${error.at + 1})`
  }
}

function refuseIfAny(errors: readonly FieldError[]): void {
  const [first] = errors
  if (first === undefined) return
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  throw problem('invalid_input', `${first.path}: ${first.message}${more}`, { errors })
}

async function checkWorkflow(ctx: Ctx, tx: Transaction, { workflow }: AutomationDefinition): Promise<void> {
  if (workflow === undefined) return
  // Those are ours: their input holds what others may not choose, such as scopes.
  if (workflow.name.startsWith('orrery.')) refuseIfAny([{ path: 'workflow.name', message: 'Names that begin with orrery. are reserved' }])
  const member = await findMissing(tx, ctx.org, workflow)
  if (member === null) return
  refuseIfAny([{ path: `workflow.${member}`, message: `There is no ${member === 'name' ? 'workflow' : 'version'} ${workflow[member]}` }])
}

/** A pipeline that is written out is checked whole; of a stored one only that it is there. @throws pipeline.invalid, pipeline.not_found */
async function checkPipelineOf(ctx: Ctx, tx: Transaction, { pipeline }: AutomationDefinition): Promise<string[]> {
  if (pipeline === undefined) return []
  if (typeof pipeline === 'string') {
    await readStored(tx, ctx.org, pipeline, null)
    return []
  }
  const { warnings } = requireValid(await judgePipeline(ctx, pipeline as never, null))
  return warnings.map(({ path, message }) => `${path}: ${message}`)
}
