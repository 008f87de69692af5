import { type AutomationDefinition, type OutputOf, ProblemError, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { findZone, type PreviewLine } from '@orrery/recurrence'
import { toOccurrence } from '../schedules/to-occurrence.ts'
import { summarize, type TriggerRow, toSummary } from './automation-row.ts'
import { findAutomation } from './automation-store.ts'
import { askTimetable } from './definition/ask-timetable.ts'
import { checkTimes } from './definition/check-definition.ts'
import type { PreviewArgs } from './definition/compute-timetable.ts'
import { limitOf, readTriggers } from './definition/read-definition.ts'
import { explainIssues } from './definition/to-timetable.ts'
import { readSources } from './state/plan-triggers.ts'
import { selectTriggers } from './trigger-store.ts'

type Line = OutputOf<'automations.preview'>['occurrences'][number]
type PreviewedTrigger = Pick<TriggerRow, 'key' | 'definition' | 'trigger_id' | 'skip_next' | 'remaining'>

/** Previews a stored automation, or a definition as it would be stored now. The definition need not be complete. */
export function previewAutomation(ctx: Ctx, input: InputFor<'automations.preview'>): Promise<AnswerTo<'automations.preview'>> {
  return withOrg(ctx, async (tx) => {
    const nowMs = ctx.clock.now()
    const { triggers, warnings, zone } = await readInput(ctx, tx, input, nowMs)
    const viewerZone = input.timezone ?? zone
    if (findZone(viewerZone) === undefined) {
      const path = input.timezone === undefined ? 'definition.timezone' : 'timezone'
      const error = { path, message: `${JSON.stringify(viewerZone)} is not an IANA time zone` }
      throw problem('invalid_input', `${path}: ${error.message}`, { errors: [error] })
    }
    const afterMs = input.from === undefined ? nowMs : Date.parse(input.from)
    const sources = await readSources({ tx, org: ctx.org }, triggers)
    const lines: (Line & { readonly nominalMs: number })[] = []
    for (const row of triggers) {
      if (row.definition.type !== 'schedule') continue
      const args = toPreviewArgs(row, { afterMs, isNow: input.from === undefined, count: input.count, viewerZone })
      const query = { trigger: row.definition, triggerId: row.trigger_id, args }
      const found = await askTimetable(ctx, sources, 'previewTimes', query)
      if (!found.ok) warnings.push(`${row.key}: ${explainIssues(found.issues)}`)
      else lines.push(...found.value.map((line) => toLine(row.key, line)))
    }
    const occurrences = lines.sort((a, b) => a.nominalMs - b.nominalMs).slice(0, input.count)
    return {
      occurrences: occurrences.map(({ nominalMs: _, ...line }) => line),
      summaries: triggers.map(({ definition }) => summarize(definition)),
      warnings,
    }
  })
}

async function readInput(ctx: Ctx, tx: Transaction, { automation, definition }: InputFor<'automations.preview'>, nowMs: number) {
  if ((automation === undefined) === (definition === undefined)) {
    const error = {
      path: 'automation',
      message: 'Exactly one of automation and definition must be given',
      expected: 'one of automation and definition',
    }
    throw problem('invalid_input', 'Give either automation or definition.', { errors: [error] })
  }
  if (definition !== undefined) return withDefinitionPaths(() => readUnsaved(ctx, tx, definition, nowMs))
  const row = await findAutomation(tx, ctx.org, automation ?? '')
  const triggers: readonly PreviewedTrigger[] = await selectTriggers(tx, ctx.org, row.automation_id)
  return { triggers, warnings: listHoldWarnings(toSummary({ ...row, next_at: null }, nowMs)), zone: row.definition.timezone ?? 'UTC' }
}

function listHoldWarnings({ status, snoozedUntil }: ReturnType<typeof toSummary>): string[] {
  if (status === 'paused') return ['It is paused: no trigger fires until it is resumed.']
  return status === 'snoozed' ? [`It is snoozed until ${snoozedUntil}.`] : []
}

/** Prefixes the paths of errors with `definition.`, as the definition is one member of this operation's input. */
async function withDefinitionPaths<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ProblemError) || error.extra.errors === undefined) throw error
    const errors = error.extra.errors.map((one) => ({ ...one, path: `definition.${one.path}` }))
    throw problem(error.code, error.detail, { ...error.extra, errors, cause: error })
  }
}

/** Jitter depends on the trigger's id. An unsaved trigger has none, so the jitter shown is only an example. */
async function readUnsaved(ctx: Ctx, tx: Transaction, definition: AutomationDefinition, nowMs: number) {
  const planned = readTriggers(definition, nowMs)
  const sources = await readSources({ tx, org: ctx.org }, planned)
  const warnings: string[] = []
  for (const one of planned) warnings.push(...(await checkTimes(ctx, one, sources, nowMs)))
  const triggers: readonly PreviewedTrigger[] = planned.map((one) => ({
    key: one.key,
    definition: one.definition,
    trigger_id: one.key,
    skip_next: 0,
    remaining: limitOf(one.definition),
  }))
  if (planned.some((one) => one.definition.type === 'schedule' && one.definition.schedule.jitter !== undefined)) {
    warnings.push('The jitter shown is an example: it will differ once the automation is saved.')
  }
  return { triggers, warnings, zone: definition.timezone ?? 'UTC' }
}

interface View {
  readonly afterMs: number
  /** False: the preview begins at another time than now, so how far the limit is used up by then is unknown. */
  readonly isNow: boolean
  readonly count: number
  readonly viewerZone: string
}

/** The occurrences that a trigger would fire: without those that skipNext leaves out, and only as many as its limit allows. */
function toPreviewArgs({ skip_next, remaining }: PreviewedTrigger, { afterMs, isNow, count, viewerZone }: View): PreviewArgs {
  const most = isNow && remaining !== null ? Math.min(count, remaining) : count
  return { afterMs, count: most, skipNext: isNow ? skip_next : 0, viewerZone }
}

function toLine(triggerKey: string, line: PreviewLine): Line & { readonly nominalMs: number } {
  return { nominalMs: line.nominalMs, ...toOccurrence(line), firesAt: new Date(line.firesAtMs).toISOString(), triggerKey }
}
