import { dateOf, SECONDS_PER_DAY } from './gregorian.ts'
import type { Zone } from './zone/zone.ts'

/** `2026-03-08T03:30:00-04:00`: an instant in local time of a zone, with its offset there. Milliseconds are omitted if zero. */
export function formatIso(zone: Zone, ms: number): string {
  const second = Math.floor(ms / 1000)
  const { offset } = zone.segmentAt(second)
  return `${formatLocalIso(second + offset)}${formatFraction(ms - second * 1000)}${formatOffset(offset)}`
}

/** `2026-03-08T03:30:00` from seconds of local time. */
export function formatLocalIso(local: number): string {
  const day = Math.floor(local / SECONDS_PER_DAY)
  const { year, month, day: monthDay } = dateOf(day)
  const time = local - day * SECONDS_PER_DAY
  const clock = [Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60].map(pad).join(':')
  return `${String(year).padStart(4, '0')}-${pad(month)}-${pad(monthDay)}T${clock}`
}

/** With a leading zero: `07`. */
export const pad = (value: number): string => String(value).padStart(2, '0')

const formatFraction = (ms: number): string => (ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`)

function formatOffset(offset: number): string {
  const size = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 3600))}:${pad(Math.floor(size / 60) % 60)}`
}
