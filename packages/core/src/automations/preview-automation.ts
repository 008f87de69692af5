import { type AutomationDefinition, type OutputOf, problem } from '@orrery/contract'
import { findZone, type PreviewLine, preview } from '@orrery/recurrence'
import type { Ctx } from '../context.ts'
import type { Transaction } from '../database.ts'
import type { AnswerTo, InputFor } from '../implementation.ts'
import { toOccurrence } from '../schedules/to-occurrence.ts'
import { withOrg } from '../with-org.ts'
import { summarize, type TriggerRow } from './automation-row.ts'
import { findAutomation } from './automation-store.ts'
import { checkTimes } from './definition/check-definition.ts'
import { readTriggers } from './definition/read-definition.ts'
import { explainIssues, toTimetable } from './definition/to-timetable.ts'
import { readSources } from './standing/plan-triggers.ts'
import { selectTriggers } from './trigger-store.ts'

type Line = OutputOf<'automations.preview'>['occurrences'][number]
type Looked = Pick<TriggerRow, 'key' | 'definition' | 'trigger_id'>

/** A definition is looked at as it would be stored now; it need not be complete. */
export function previewAutomation(ctx: Ctx, input: InputFor<'automations.preview'>): Promise<AnswerTo<'automations.preview'>> {
  return withOrg(ctx, async (tx) => {
    const nowMs = ctx.clock.now()
    const { triggers, warnings, zone } = await readInput(ctx, tx, input, nowMs)
    const viewerZone = input.timezone ?? zone
    if (findZone(viewerZone) === undefined) {
      const error = { path: 'timezone', message: `${JSON.stringify(viewerZone)} is no IANA time zone` }
      throw problem('invalid_input', `timezone: ${error.message}`, { errors: [error] })
    }
    const afterMs = input.from === undefined ? nowMs : Date.parse(input.from)
    const sources = await readSources({ tx, org: ctx.org }, triggers)
    const lines: (Line & { readonly nominalMs: number })[] = []
    for (const row of triggers) {
      if (row.definition.type !== 'schedule') continue
      const found = toTimetable(row.definition, row.trigger_id, sources)
      if (!found.ok) warnings.push(`${row.key}: ${explainIssues(found.issues)}`)
      else
        lines.push(
          ...preview(found.timetable.schedule, afterMs, input.count, viewerZone, row.trigger_id).lines.map((line) => toLine(row.key, line)),
        )
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
    const error = { path: 'automation', message: 'One that is saved, or a definition', expected: 'one of automation and definition' }
    throw problem('invalid_input', 'Give either automation or definition.', { errors: [error] })
  }
  if (definition !== undefined) return readUnsaved(ctx, tx, definition, nowMs)
  const row = await findAutomation(tx, ctx.org, automation ?? '')
  const triggers: readonly Looked[] = await selectTriggers(tx, ctx.org, row.automation_id)
  return { triggers, warnings: [], zone: row.definition.timezone ?? 'UTC' }
}

/** Jitter depends on the trigger's id, so what is shown for one that has none yet is only an example. */
async function readUnsaved(ctx: Ctx, tx: Transaction, definition: AutomationDefinition, nowMs: number) {
  const planned = readTriggers(definition, nowMs)
  const sources = await readSources({ tx, org: ctx.org }, planned)
  const warnings = planned.flatMap((one) => checkTimes(one, sources, nowMs))
  const triggers: readonly Looked[] = planned.map((one) => ({ key: one.key, definition: one.definition, trigger_id: one.key }))
  if (planned.some((one) => one.definition.type === 'schedule' && one.definition.schedule.jitter !== undefined)) {
    warnings.push('Jitter is an example: it will be another when the automation is saved.')
  }
  return { triggers, warnings, zone: definition.timezone ?? 'UTC' }
}

function toLine(triggerKey: string, line: PreviewLine): Line & { readonly nominalMs: number } {
  return { nominalMs: line.nominalMs, ...toOccurrence(line), firesAt: new Date(line.firesAtMs).toISOString(), triggerKey }
}
