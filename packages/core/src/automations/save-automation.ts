import { type AutomationDefinition, encodeId, type Json } from '@orrery/contract'
import { type Ctx, canonicalJson, newId, type Transaction } from '@orrery/kernel'
import { calendarsOf } from '../calendars/find-calendar-uses.ts'
import { lockCalendarsShared } from '../calendars/lock-calendars-shared.ts'
import type { AutomationRow, StoredTrigger, TriggerRow } from './automation-row.ts'
import { changeAutomation, insertAutomation, insertVersion } from './automation-store.ts'
import { checkDefinition } from './definition/check-definition.ts'
import { limitOf, nameOf, type PlannedTrigger, readTriggers } from './definition/read-definition.ts'
import { emitAutomationEvent } from './emit-automation-event.ts'
import { type FiringContext, toFiringContext } from './firing-context.ts'
import { compileTopic } from './planning/compile-topic.ts'
import { isEnded, notifySchedulers, planTriggers, readSources } from './state/plan-triggers.ts'
import { insertTrigger, lockTriggers, redefineTrigger, removeTriggers } from './trigger-store.ts'
import { selectUnreadyWebhooks } from './webhook-store.ts'

export interface SavedAutomation {
  readonly row: AutomationRow
  readonly triggers: readonly TriggerRow[]
  readonly warnings: readonly string[]
}

export interface SaveOptions {
  /** The row to change, locked; null: create one. */
  readonly before: AutomationRow | null
  /** Absent: unchanged. */
  readonly annotations?: AutomationRow['annotations']
}

/**
 * Checks a definition and makes it the newest version of an automation. Triggers that did not change keep their state. A changed trigger
 * with the same key and type keeps its id, and continues from now.
 * @throws invalid_input, schedule.invalid, pipeline.invalid, pipeline.not_found, forbidden, automation.name_taken
 */
export async function saveAutomation(
  ctx: Ctx,
  tx: Transaction,
  definition: AutomationDefinition,
  { before, annotations }: SaveOptions,
): Promise<SavedAutomation> {
  const context = toFiringContext(ctx, tx)
  const planned = readTriggers(definition, context.nowMs)
  // Keeps the calendars that the schedules name from being deleted before this transaction commits.
  if (planned.some(({ definition }) => usesCalendars(definition))) await lockCalendarsShared(tx, ctx.org)
  const existing = before === null ? [] : await lockTriggers(tx, ctx.org, before.automation_id)
  const sources = await readSources(context, planned)
  const isNew = (one: PlannedTrigger) => !existing.some((old) => isSame(old, one))
  const warnings = await checkDefinition(ctx, tx, definition, { planned, sources, isNew })
  const row = toRow(ctx, definition, before, annotations, context.nowMs)
  await (before === null ? insertAutomation(tx, row) : changeAutomation(tx, row))
  await insertVersion(tx, row, ctx.actor.id)
  const triggers = await saveTriggers(context, row, planned, existing)
  const saved = await endIfExhausted(context, row, triggers)
  await emitAutomationEvent(context, before === null ? 'automation.created' : 'automation.updated', saved)
  notifySchedulers(context, triggers)
  ctx.note(encodeId('aut', row.automation_id), { name: row.name, version: row.version })
  return { row: saved, triggers, warnings: [...warnings, ...(await warnOfUnreadyWebhooks(context, triggers))] }
}

const usesCalendars = (definition: StoredTrigger): boolean => definition.type === 'schedule' && calendarsOf(definition.schedule).length > 0

function toRow(
  ctx: Ctx,
  definition: AutomationDefinition,
  before: AutomationRow | null,
  annotations: SaveOptions['annotations'],
  nowMs: number,
): AutomationRow {
  const now = new Date(nowMs)
  // `checkDefinition` ensures a name or a usable title.
  const name = nameOf(definition) ?? ''
  return {
    org_id: ctx.org,
    automation_id: before?.automation_id ?? newId(nowMs),
    name,
    title: definition.title ?? name,
    version: (before?.version ?? 0) + 1,
    definition,
    // An ended automation becomes active again: its new triggers may have occurrences.
    status: before?.status === 'paused' ? 'paused' : 'active',
    snoozed_until: before?.snoozed_until ?? null,
    note: before?.note ?? null,
    failures: before?.failures ?? 0,
    created_at: before?.created_at ?? now,
    updated_at: now,
    annotations: annotations ?? before?.annotations ?? null,
  }
}

const isSame = (old: TriggerRow, { key, given }: PlannedTrigger): boolean =>
  old.key === key && canonicalJson(old.given) === canonicalJson(given as Json)

async function saveTriggers(
  context: FiringContext,
  row: AutomationRow,
  planned: readonly PlannedTrigger[],
  before: readonly TriggerRow[],
): Promise<TriggerRow[]> {
  const { tx, org, nowMs } = context
  const existing = new Map(before.map((trigger) => [trigger.key, trigger]))
  const kept: TriggerRow[] = []
  const changed: TriggerRow[] = []
  for (const one of planned) {
    const old = existing.get(one.key)
    if (old !== undefined && old.type === one.definition.type) {
      existing.delete(one.key)
      if (isSame(old, one)) {
        kept.push(old)
        continue
      }
      const next = {
        ...old,
        given: one.given as Json,
        definition: one.definition,
        remaining: limitOf(one.definition),
        trouble: null,
        wakes_at: null,
      }
      await redefineTrigger(tx, next, prefixOf(one.definition))
      changed.push(next)
    }
  }
  await removeTriggers(
    tx,
    org,
    [...existing.values()].map(({ trigger_id }) => trigger_id),
  )
  const known = new Set([...kept, ...changed].map(({ key }) => key))
  for (const [at, one] of planned.entries()) {
    if (known.has(one.key)) continue
    // Ids sort by time, so this shows triggers in the order of the definition.
    const made = toTrigger(row, one, nowMs + at)
    await insertTrigger(tx, made, prefixOf(one.definition))
    changed.push(made)
  }
  const all = [
    ...(await planTriggers(context, row, kept, { kind: 'unchanged' })),
    ...(await planTriggers(context, row, changed, { kind: 'schedule_changed' })),
  ]
  return all.sort((a, b) => (a.trigger_id < b.trigger_id ? -1 : 1))
}

function toTrigger(row: AutomationRow, { key, given, definition }: PlannedTrigger, nowMs: number): TriggerRow {
  return {
    org_id: row.org_id,
    automation_id: row.automation_id,
    trigger_id: newId(nowMs),
    key,
    type: definition.type,
    given: given as Json,
    definition,
    cursor_at: null,
    skip_next: 0,
    remaining: limitOf(definition),
    wakes_at: null,
    trouble: null,
    troubles: 0,
  }
}

/** The prefix of every topic that the trigger listens to. */
function prefixOf(definition: StoredTrigger): string | null {
  if (definition.type !== 'event' && definition.type !== 'condition') return null
  const topic = definition.topic === undefined ? null : compileTopic(definition.topic)
  return topic?.ok ? topic.value.prefix : null
}

/** An automation whose schedules have no further occurrence has ended. */
async function endIfExhausted(context: FiringContext, row: AutomationRow, triggers: readonly TriggerRow[]): Promise<AutomationRow> {
  if (row.status !== 'active' || !isEnded(triggers)) return row
  const ended: AutomationRow = { ...row, status: 'ended' }
  await changeAutomation(context.tx, ended)
  return ended
}

/** Warns of webhooks that cannot receive deliveries yet. */
async function warnOfUnreadyWebhooks({ tx, org }: FiringContext, triggers: readonly TriggerRow[]): Promise<string[]> {
  const one = triggers.find(({ type }) => type === 'webhook')
  const keys = one === undefined ? [] : await selectUnreadyWebhooks(tx, org, one.automation_id)
  return keys.map((key) => `${key}: it receives no deliveries until automations.rotateWebhook creates its address.`)
}
