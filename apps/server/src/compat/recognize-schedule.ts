export const SCHEDULE_KINDS = ['cron', 'rrule', 'once', 'event', 'condition'] as const
export type ScheduleKind = (typeof SCHEDULE_KINDS)[number]

/** `2026-03-01`, `2026-03-01 09:00`, `2026-03-01T09:00:00.123456+02:00`, including the formats that Python prints. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?$/

/** Recognizes the kind of a schedule. Null if the text is not an RRULE, a time or a cron expression. */
export function recognizeSchedule(text: string): { readonly kind: ScheduleKind; readonly expr: string } | null {
  const expr = text.trim()
  if (/^(?:RRULE:|DTSTART|FREQ=)/i.test(expr) || /;FREQ=/i.test(expr)) return { kind: 'rrule', expr }
  if (MOMENT.test(expr)) return { kind: 'once', expr }
  return /^(?:@\w+|\S+(?:\s+\S+){4,5})$/.test(expr) ? { kind: 'cron', expr } : null
}

/**
 * Converts a time to the form that schedules accept: local time without an offset, or UTC. Returns other text unchanged;
 * validation then refuses it with a reason.
 */
export function toMoment(text: string): string {
  const [, day, time, offset] = MOMENT.exec(text.trim()) ?? []
  if (day === undefined) return text
  if (time === undefined) return day
  if (offset === undefined) return `${day}T${time}`
  const at = new Date(`${day}T${time}${offset === 'Z' ? offset : offset.replace(/:?(\d\d)$/, ':$1')}`)
  return Number.isNaN(at.getTime()) ? text : `${at.toISOString().slice(0, 19)}Z`
}
