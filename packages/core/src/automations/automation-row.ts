import { type AutomationDefinition, encodeId, type Json, type OutputOf, type Trigger } from '@orrery/contract'
import { describeSchedule, type Schedule } from '@orrery/recurrence'
import type { ConditionState } from './planning/decide-condition.ts'
import type { RunOverlap } from './planning/decide-overlap.ts'
import type { MisfirePolicy } from './planning/firing-state.ts'

/** The definition of a schedule trigger as its row keeps it. */
export interface StoredSchedule {
  readonly type: 'schedule'
  readonly key: string
  readonly schedule: Schedule
  readonly misfire: MisfirePolicy
  readonly catchUpWindowMs: number
  readonly limit: number | null
}

/** The definition of a trigger as its row keeps it. Only schedules are converted; the others are kept as given, with their key. */
export type StoredTrigger = StoredSchedule | (Exclude<Trigger, { readonly type: 'schedule' }> & { readonly key: string })

export interface AutomationRow {
  readonly org_id: string
  readonly automation_id: string
  readonly name: string
  readonly title: string
  readonly version: number
  readonly definition: AutomationDefinition
  readonly status: 'active' | 'paused' | 'ended'
  readonly snoozed_until: Date | null
  readonly note: string | null
  readonly failures: number
  readonly created_at: Date
  readonly updated_at: Date
  readonly annotations: Readonly<Record<string, Json>> | null
}

export interface TriggerRow {
  readonly org_id: string
  readonly automation_id: string
  readonly trigger_id: string
  readonly key: string
  readonly type: StoredTrigger['type']
  readonly given: Json
  readonly definition: StoredTrigger
  readonly cursor_at: Date | null
  readonly skip_next: number
  readonly remaining: number | null
  readonly wakes_at: Date | null
  readonly trouble: string | null
  readonly troubles: number
}

export type Condition = Extract<StoredTrigger, { readonly type: 'condition' }>

/** The state that the row of a condition keeps. */
export interface StoredCondition extends ConditionState {
  /** Id of the last event that changed the state. Events are delivered at least once: this one and earlier ones are already handled. */
  readonly eventId?: string
}

/** Settings of one firing that replace those of its automation until the firing is decided. */
export interface StoredRequest {
  readonly overlap?: RunOverlap
  readonly event?: Json
  readonly params?: { readonly [name: string]: Json }
}

type Summary = OutputOf<'automations.list'>['items'][number]

export function toSummary(row: AutomationRow & { readonly next_at: Date | null }, nowMs: number): Summary {
  const isSnoozed = row.snoozed_until !== null && row.snoozed_until.getTime() > nowMs
  return {
    id: encodeId('aut', row.automation_id),
    name: row.name,
    title: row.title,
    version: row.version,
    status: row.status === 'active' && isSnoozed ? 'snoozed' : row.status,
    note: row.note,
    snoozedUntil: isSnoozed ? (row.snoozed_until?.toISOString() ?? null) : null,
    failures: row.failures,
    nextAt: row.next_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

export function toAutomation(
  row: AutomationRow,
  triggers: readonly TriggerRow[],
  nowMs: number,
  warnings: readonly string[] = [],
): OutputOf<'automations.get'> {
  const wakes = triggers.map(nextOf).filter((at) => at !== null)
  const next_at = wakes.length === 0 ? null : new Date(Math.min(...wakes.map(Number)))
  return {
    ...toSummary({ ...row, next_at }, nowMs),
    definition: row.definition,
    triggers: triggers.map(toTriggerState),
    warnings: [...warnings],
    ...(row.annotations === null ? {} : { annotations: row.annotations }),
  }
}

/** When a schedule fires next. Null while it has trouble: then `wakes_at` is only the time of the next attempt. */
const nextOf = ({ type, trouble, wakes_at }: TriggerRow): Date | null => (type === 'schedule' && trouble === null ? wakes_at : null)

function toTriggerState(row: TriggerRow): OutputOf<'automations.get'>['triggers'][number] {
  return {
    id: encodeId('trg', row.trigger_id),
    key: row.key,
    type: row.type,
    summary: summarize(row.definition),
    nextAt: nextOf(row)?.toISOString() ?? null,
    skipNext: row.skip_next,
    remaining: row.remaining,
    trouble: row.trouble,
  }
}

export function summarize(trigger: StoredTrigger): string {
  switch (trigger.type) {
    case 'schedule':
      return describeSchedule(trigger.schedule)
    case 'event':
      return `On events of type ${trigger.topic}${trigger.filter === undefined ? '' : ` for which ${trigger.filter}`}`
    case 'condition': {
      const source =
        trigger.poll === undefined ? `events of type ${trigger.topic}` : `${trigger.poll.uses}, asked every ${trigger.poll.every},`
      return `When ${source} make${trigger.poll === undefined ? '' : 's'} this ${trigger.mode ?? 'rising'}: ${trigger.condition}`
    }
    case 'webhook':
      return `At its secret address${trigger.signature === undefined || trigger.signature === 'none' ? '' : `, signed (${trigger.signature})`}`
  }
}
