import { isDeepStrictEqual } from 'node:util'
import { type Automation, type AutomationDefinition, decodeId, type Trigger } from '@orrery/contract'
import { toRank } from '@orrery/core'
import { parseDurationMs } from '@orrery/recurrence'
import { type Task, task } from './ordinaut-task.ts'
import { recognizeSchedule } from './recognize-schedule.ts'
import { taskToAutomation } from './task-to-automation.ts'

/** A task as Ordinaut's API shows it. */
export interface ShownTask extends Task {
  readonly id: string
  readonly status: 'active' | 'paused' | 'canceled'
  readonly created_at: string
  readonly updated_at: string
}

type Shown = Pick<Automation, 'id' | 'title' | 'status' | 'note' | 'definition' | 'createdAt' | 'updatedAt'>

/** Automations know only pauses, so the note of the pause records whether the task was cancelled or paused. */
export const CANCELED_NOTE = 'Cancelled as a task'
export const PAUSED_NOTE = 'Paused as a task'

/**
 * The task of an automation.
 * @param kept the task as it was posted, if the automation was created as a task. It is used only while it still describes
 * what the automation does.
 */
export function readTask(automation: Shown, kept: unknown): Task {
  const posted = task.safeParse(kept)
  const isCurrent = posted.success && isDeepStrictEqual(plain(taskToAutomation(posted.data)), plain(automation.definition))
  return isCurrent ? posted.data : deriveTask(automation)
}

export function automationToTask(automation: Shown, kept: unknown): ShownTask {
  return {
    ...readTask(automation, kept),
    id: decodeId('aut', automation.id) ?? '',
    status: toStatus(automation),
    created_at: automation.createdAt,
    updated_at: automation.updatedAt,
  }
}

/** The definition as plain JSON, without name and scopes, which the compatibility layer may have added. */
const plain = ({ name: _name, scopes: _scopes, ...rest }: AutomationDefinition): unknown => JSON.parse(JSON.stringify(rest))

export function toStatus({ status, note }: Pick<Automation, 'status' | 'note'>): ShownTask['status'] {
  switch (status) {
    case 'active':
    case 'snoozed':
    // No occurrence is left, but the task was not cancelled: it can still be run by hand.
    case 'ended':
      return 'active'
    case 'paused':
      return note === CANCELED_NOTE ? 'canceled' : 'paused'
  }
}

/** The closest task to an automation that was created or changed through another API. */
function deriveTask({ title, definition }: Shown): Task {
  const { pipeline, workflow, retry, dedupe } = definition
  const body =
    typeof pipeline === 'string'
      ? { pipeline: [], name: pipeline }
      : Array.isArray(pipeline)
        ? { pipeline }
        : (pipeline ?? { pipeline: [] })
  return {
    title,
    description: definition.description ?? '',
    ...deriveSchedule(definition),
    timezone: definition.timezone ?? 'UTC',
    payload: {
      ...body,
      ...(definition.params === undefined ? {} : { params: definition.params }),
      ...(workflow === undefined ? {} : { workflow }),
    },
    priority: toRank(definition.priority ?? 'normal'),
    dedupe_key: dedupe?.key ?? null,
    dedupe_window_seconds: dedupe === undefined ? 0 : Math.ceil(parseDurationMs(dedupe.window) / 1000),
    max_retries: retry === false ? 0 : Math.min((retry?.max ?? 4) - 1, 10),
    backoff_strategy: (retry === false ? undefined : retry?.backoff) ?? 'exponential_jitter',
    concurrency_key: definition.concurrencyKey ?? null,
    created_by: null,
  }
}

type When = Pick<Task, 'schedule_kind' | 'schedule_expr'>

function deriveSchedule({ schedule, triggers }: AutomationDefinition): When {
  const first: Trigger | undefined = schedule === undefined ? triggers?.[0] : { type: 'schedule', schedule }
  switch (first?.type) {
    case 'event':
      return { schedule_kind: 'event', schedule_expr: first.topic }
    case 'condition':
      return { schedule_kind: 'condition', schedule_expr: first.condition }
    case 'schedule':
      return deriveTime(first.schedule)
    case 'webhook':
    case undefined:
      return { schedule_kind: 'event', schedule_expr: null }
  }
}

function deriveTime(schedule: Extract<Trigger, { type: 'schedule' }>['schedule']): When {
  const only = typeof schedule === 'string' ? null : schedule.include[0]
  switch (only?.kind) {
    case 'rrule':
      return { schedule_kind: 'rrule', schedule_expr: only.rrule }
    case 'cron':
      return { schedule_kind: 'cron', schedule_expr: only.cron }
    case 'dates':
      return { schedule_kind: 'once', schedule_expr: only.dates[0] ?? null }
    case 'interval':
      return { schedule_kind: 'rrule', schedule_expr: `every ${only.every}` }
    case undefined:
      return { schedule_kind: recognizeSchedule(String(schedule))?.kind ?? 'rrule', schedule_expr: String(schedule) }
  }
}
