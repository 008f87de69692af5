import { SECONDS_PER_DAY } from '../gregorian.ts'
import { type Moment, parseMoment } from '../moment.ts'
import { localOf } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { Stamp } from './rule.ts'

/**
 * Converts a start in ISO 8601 to a DTSTART in local time of the zone. A day starts at midnight. Undefined for a malformed text, and for an
 * instant if there is no zone.
 */
export function stampOf(text: string | undefined, zone: Zone | undefined): Stamp | undefined {
  const parsed = text === undefined ? undefined : parseMoment(text)
  const local = parsed?.ok ? localSecondOf(parsed.value, zone) : undefined
  return local === undefined ? undefined : { local, isDate: false, zone: undefined }
}

function localSecondOf(moment: Moment, zone: Zone | undefined): number | undefined {
  switch (moment.kind) {
    case 'day':
      return moment.day * SECONDS_PER_DAY
    case 'local':
      return Math.floor(moment.localMs / 1000)
    case 'instant':
      return zone && localOf(zone, Math.floor(moment.ms / 1000))
  }
}
