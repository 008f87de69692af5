import { type ContentLine, parseContentLine, splitLines } from '../content-lines.ts'
import { type Malformed, parseWith, refuse } from '../parsing.ts'
import type { Observance } from './file-zone.ts'
import { nameZone } from './name-zone.ts'

/** Lines that are not iCalendar. Each costs as much as twenty valid ones; some programs fold lines wrongly and produce a few. */
const BROKEN_LINES_MAX = 20_000
const ZONES_MAX = 500
const OBSERVANCES_MAX = 200

/** The lines between BEGIN:VEVENT and END:VEVENT, without those of nested components (alarms). */
export interface EventLines {
  readonly lines: ContentLine[]
  readonly position: number
}

/** A VTIMEZONE. */
export interface ZoneLines {
  tzid: string
  readonly observances: Observance[]
  readonly position: number
}

export interface Components {
  readonly events: readonly EventLines[]
  /** The zones that the text defines, by TZID. */
  readonly zones: ReadonlyMap<string, ZoneLines>
  /** The zone of times that have none. */
  readonly zone: string | undefined
}

/** Components that say when a person is busy, or may be, and are not used. */
const UNUSED: ReadonlySet<string> = new Set(['VFREEBUSY', 'VTODO', 'VJOURNAL', 'VAVAILABILITY'])

/** @param report gets lines that are not iCalendar, and components that are not used */
export function readComponents(text: string, report: (problem: Malformed) => void): Components {
  const reader = new Reader(report)
  let broken = 0
  for (const { line, position } of splitLines(text)) {
    const parsed = parseWith(line, () => parseContentLine(line, position), line.length)
    if (parsed.ok) reader.take(parsed.value)
    else {
      report(parsed.problem)
      if (++broken > BROKEN_LINES_MAX) refuse(position, `more than ${BROKEN_LINES_MAX} lines that are not iCalendar`)
    }
  }
  return reader
}

class Reader implements Components {
  readonly events: EventLines[] = []
  readonly zones = new Map<string, ZoneLines>()
  zone: string | undefined
  private readonly report: (problem: Malformed) => void
  private readonly open: string[] = []
  private event: EventLines | undefined
  private zoneLines: ZoneLines | undefined
  private observance: (Observance & { readonly lines: ContentLine[] }) | undefined

  constructor(report: (problem: Malformed) => void) {
    this.report = report
  }

  take(line: ContentLine): void {
    if (line.name === 'BEGIN') this.begin(line.value.trim().toUpperCase(), line.position)
    else if (line.name === 'END') this.end()
    else this.property(line)
  }

  private begin(component: string, position: number): void {
    this.open.push(component)
    if (component === 'VEVENT') this.event = { lines: [], position }
    else if (component === 'VTIMEZONE') this.zoneLines = { tzid: '', observances: [], position }
    else if (component === 'STANDARD' || component === 'DAYLIGHT') this.observance = { lines: [], position }
    else if (UNUSED.has(component)) this.report({ position, message: `${component} is not used: only events close a calendar` })
  }

  private end(): void {
    const { event, zoneLines, observance } = this
    switch (this.open.pop()) {
      case 'VEVENT':
        if (event !== undefined) this.events.push(event)
        break
      case 'STANDARD':
      case 'DAYLIGHT':
        if (observance !== undefined && (zoneLines?.observances.length ?? 0) < OBSERVANCES_MAX) zoneLines?.observances.push(observance)
        break
      case 'VTIMEZONE':
        if (zoneLines !== undefined && this.zones.size < ZONES_MAX) this.zones.set(zoneLines.tzid, zoneLines)
        break
    }
  }

  private property(line: ContentLine): void {
    const component = this.open.at(-1)
    if (component === 'VEVENT') this.event?.lines.push(line)
    else if (component === 'STANDARD' || component === 'DAYLIGHT') this.observance?.lines.push(line)
    else if (component === 'VTIMEZONE' && line.name === 'TZID' && this.zoneLines !== undefined) this.zoneLines.tzid = line.value
    else if (line.name === 'X-WR-TIMEZONE') this.zone = nameZone(line.value)
  }
}
