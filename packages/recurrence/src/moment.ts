/** Dates and times in schedules and calendars, in ISO 8601. */
import { dayOf, isDate, SECONDS_PER_DAY, YEAR_MAX, YEAR_MIN } from './gregorian.ts'
import { type Parsed, parseWith, quote, refuse } from './parsing.ts'
import { type DstPolicy, instantOf, resolveLocal } from './zone/local-time.ts'
import type { Zone } from './zone/zone.ts'

/** A whole day, a local time without a zone, or an instant. */
export type Moment =
  | { readonly kind: 'day'; readonly day: number }
  | { readonly kind: 'local'; readonly localMs: number }
  | { readonly kind: 'instant'; readonly ms: number }

const form = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:\d\d)?)?$/

/** `2026-03-01`, `2026-03-01T09:00`, `2026-03-01T09:00:00Z`, `2026-03-01T09:00:00.250+01:00`. */
export function parseMoment(text: string): Parsed<Moment> {
  return parseWith(text, () => readMoment(text), 40)
}

function readMoment(text: string): Moment {
  const match = form.exec(text)
  if (!match) refuse(0, `${quote(text)} is not a date or time such as 2026-03-01, 2026-03-01T09:00 or 2026-03-01T09:00:00Z`)
  const [, year, month, date, hour, minute, second = '0', fraction = '', offset] = match
  if (Number(year) < YEAR_MIN || Number(year) > YEAR_MAX) refuse(0, `the year ${year} is not from ${YEAR_MIN} to ${YEAR_MAX}`)
  if (!isDate(Number(year), Number(month), Number(date))) refuse(5, `there is no day ${year}-${month}-${date}`)
  const day = dayOf(Number(year), Number(month), Number(date))
  if (hour === undefined) return { kind: 'day', day }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) refuse(11, `${quote(text.slice(11))} is not a time of day`)
  const time = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  const localMs = (day * SECONDS_PER_DAY + time) * 1000 + Number(fraction.padEnd(3, '0'))
  return offset === undefined ? { kind: 'local', localMs } : { kind: 'instant', ms: localMs - readOffset(offset, text.length - 6) }
}

function readOffset(offset: string, position: number): number {
  if (offset === 'Z') return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(4, 6))
  if (hours > 23 || minutes > 59) refuse(position, `${quote(offset)} is not an offset from UTC`)
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** The instants of a moment, in milliseconds: none or two if clocks change at that time. A day is its first instant. */
export function instantsOfMoment(moment: Moment, zone: Zone, policy: DstPolicy): number[] {
  switch (moment.kind) {
    case 'instant':
      return [moment.ms]
    case 'day':
      return [instantOf(zone, moment.day * SECONDS_PER_DAY) * 1000]
    case 'local': {
      const seconds = Math.floor(moment.localMs / 1000)
      return resolveLocal(zone, seconds, policy).map((second) => second * 1000 + (moment.localMs - seconds * 1000))
    }
  }
}

/** The first instant of a moment and its end: a day has its whole length, the others have none. */
export function spanOfMoment(moment: Moment, zone: Zone): { readonly fromMs: number; readonly toMs: number } {
  if (moment.kind === 'day') {
    const [fromMs, toMs] = [moment.day, moment.day + 1].map((day) => instantOf(zone, day * SECONDS_PER_DAY) * 1000)
    return { fromMs: fromMs ?? 0, toMs: toMs ?? 0 }
  }
  const [at = 0] = instantsOfMoment(moment, zone, { gap: 'shift', overlap: 'first' })
  return { fromMs: at, toMs: at }
}
