import type { ContentLine } from '../content-lines.ts'
import { quote, refuse } from '../parsing.ts'
import { isZoneName } from '../zone/zone.ts'
import { parseStamp } from './parse-stamp.ts'
import type { Stamp } from './rule.ts'

const DATES_MAX = 10_000

/** The zone that a TZID names: the name of an IANA zone, or a zone that the text defines. Undefined: it names none. */
export type ZoneNamer = (tzid: string, position: number) => Stamp['zone']

const ianaOnly: ZoneNamer = (tzid) => (isZoneName(tzid) ? tzid : undefined)

/** The dates of a DTSTART, RDATE or EXDATE line. A period counts with its start. */
export function readStamps(line: ContentLine, nameZone: ZoneNamer = ianaOnly): Stamp[] {
  const tzid = line.parameters.get('TZID')
  const zone = tzid === undefined ? undefined : nameZone(tzid, line.position)
  if (tzid !== undefined && zone === undefined) refuse(line.position, `${quote(tzid)} is not an IANA time zone`)
  const kind = line.parameters.get('VALUE')?.toUpperCase()
  let at = line.valuePosition
  const stamps = line.value.split(',').map((text) => {
    const position = at
    at += text.length + 1
    const stamp = parseStamp(kind === 'PERIOD' ? (text.split('/')[0] ?? '') : text, position, zone)
    if (kind !== undefined && (kind === 'DATE') !== stamp.isDate)
      refuse(position, `${line.name} has VALUE=${kind}, but this value has another type`)
    return stamp
  })
  if (stamps.length > DATES_MAX) refuse(line.position, `${line.name} lists more than ${DATES_MAX} dates`)
  if (line.name === 'DTSTART' && stamps.length > 1) refuse(line.valuePosition, 'DTSTART must be a single date')
  return stamps
}
