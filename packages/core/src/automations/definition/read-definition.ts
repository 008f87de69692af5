import type { AutomationDefinition, Trigger } from '@orrery/contract'
import { durationMs } from '@orrery/kernel'
import { readSchedule } from '../../schedules/read-schedule.ts'
import type { StoredTrigger } from '../automation-row.ts'

export interface PlannedTrigger {
  readonly key: string
  /** The trigger as given, with the time zone that applies to it. A trigger with the same key and the same `given` keeps its state. */
  readonly given: { readonly zone: string } & Trigger
  readonly definition: StoredTrigger
  /** Prefix for the paths of errors: `triggers[2].`, or empty for the short form. */
  readonly path: string
}

const CATCH_UP_WINDOW_MS = 86_400_000

/**
 * The triggers of a definition, including that of the short form, each with its key. Pure. @throws invalid_input for an invalid duration
 */
export function readTriggers(definition: AutomationDefinition, nowMs: number): readonly PlannedTrigger[] {
  const zone = definition.timezone ?? 'UTC'
  const short: readonly (readonly [string, Trigger])[] =
    definition.schedule === undefined ? [] : [['', { type: 'schedule', schedule: definition.schedule }]]
  const listed = (definition.triggers ?? []).map((trigger, at) => [`triggers[${at}].`, trigger] as const)
  const taken = new Set(listed.flatMap(([, { key }]) => key ?? []))
  return [...short, ...listed].map(([path, trigger]) => {
    const key = trigger.key ?? freeKey(trigger.type, taken)
    return { key, given: { ...trigger, key, zone }, definition: complete({ ...trigger, key }, zone, nowMs, path), path }
  })
}

function freeKey(type: string, taken: Set<string>): string {
  let key = type
  for (let number = 2; taken.has(key); number++) key = `${type}-${number}`
  taken.add(key)
  return key
}

function complete(trigger: Trigger & { readonly key: string }, zone: string, nowMs: number, path: string): StoredTrigger {
  if (trigger.type !== 'schedule') return trigger
  const { key, schedule, misfire, catchUpWindow, limit } = trigger
  return {
    type: 'schedule',
    key,
    schedule: readSchedule(schedule, zone, nowMs),
    misfire: misfire ?? 'latest',
    catchUpWindowMs: catchUpWindow === undefined ? CATCH_UP_WINDOW_MS : durationMs(catchUpWindow, `${path}catchUpWindow`),
    limit: limit ?? null,
  }
}

/** How many times the trigger may fire; null: any number. */
export const limitOf = (definition: StoredTrigger): number | null => (definition.type === 'schedule' ? definition.limit : null)

/** The given name, or one derived from the title. Null if there is no name and the title has no Latin letter or digit. */
export function nameOf({ name, title }: Pick<AutomationDefinition, 'name' | 'title'>): string | null {
  if (name !== undefined) return name
  const made = (title ?? '')
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 128)
  return made === '' ? null : made
}
