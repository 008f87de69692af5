import type { AutomationDefinition, ScheduleInput, Trigger } from '@orrery/contract'
import { toPriority } from '@orrery/core'
import type { Task } from './ordinaut-task.ts'
import { toMoment } from './recognize-schedule.ts'

/** The automation that does what a task describes. Pure. */
export function taskToAutomation(task: Task): AutomationDefinition {
  const { params, pipeline } = task.payload
  return {
    title: task.title,
    ...(task.description === '' ? {} : { description: task.description }),
    triggers: [toTrigger(task)],
    timezone: task.timezone,
    pipeline,
    ...(params === undefined ? {} : { params }),
    // Ordinaut started a run at every occurrence, even while others were running.
    overlap: 'allow_all',
    priority: toPriority(task.priority),
    // `max` counts all attempts, `max_retries` only those after the first.
    retry: task.max_retries === 0 ? false : { max: task.max_retries + 1, backoff: task.backoff_strategy },
    ...(task.concurrency_key === null ? {} : { concurrencyKey: task.concurrency_key }),
    ...toDedupe(task),
  }
}

function toTrigger({ schedule_kind: kind, schedule_expr: expr }: Task): Trigger {
  const text = expr ?? ''
  switch (kind) {
    case 'cron':
      return scheduled({ kind, cron: text })
    case 'rrule':
      return scheduled({ kind, rrule: text })
    case 'once':
      return scheduled({ kind: 'dates', dates: [toMoment(text)] })
    case 'event':
      return { type: 'event', topic: text }
    case 'condition':
      // The task names no topic, so the condition is evaluated for every event.
      return { type: 'condition', condition: text, topic: '>' }
  }
}

function scheduled(include: ScheduleInput['include'][number]): Trigger {
  return { type: 'schedule', schedule: { include: [include] } }
}

/** In Ordinaut, a key without a window had no effect. */
function toDedupe({ dedupe_key: key, dedupe_window_seconds: seconds }: Task): Pick<AutomationDefinition, 'dedupe'> {
  return key === null || seconds === 0 ? {} : { dedupe: { key, window: `${seconds}s` } }
}
