/** Ten years in zones of every kind, compared with Temporal's rules for the meaning of a local time. */
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { compileSchedule, type GapPolicy, type OverlapPolicy, occurrencesBetween } from '../index.ts'
import { findChanges } from './find-changes.ts'
import { localOf } from './local-time.ts'
import { openZone } from './zone.ts'

/** Large and small jumps, both hemispheres, jumps at midnight, Ramadan, half hours, no changes, a lost day (Apia, 2011). */
const zones = [
  ...['America/New_York', 'America/Los_Angeles', 'America/St_Johns', 'America/Sao_Paulo', 'America/Santiago', 'America/Havana'],
  ...['America/Mexico_City', 'America/Caracas', 'America/Asuncion', 'America/Scoresbysund', 'America/Phoenix', 'America/Nuuk'],
  ...['Europe/London', 'Europe/Dublin', 'Europe/Berlin', 'Europe/Istanbul', 'Europe/Moscow', 'Europe/Chisinau'],
  ...['Africa/Casablanca', 'Africa/Cairo', 'Africa/Johannesburg', 'Africa/Tripoli', 'Asia/Tehran', 'Asia/Gaza'],
  ...['Asia/Amman', 'Asia/Kathmandu', 'Asia/Tokyo', 'Asia/Kolkata', 'Asia/Pyongyang', 'Asia/Beirut'],
  ...['Australia/Sydney', 'Australia/Lord_Howe', 'Australia/Adelaide', 'Pacific/Apia', 'Pacific/Chatham', 'Pacific/Norfolk'],
  ...['Antarctica/Troll', 'Etc/GMT+5', 'UTC'],
]
const FIRST_YEAR = 2011
const LAST_YEAR = 2020
const from = Date.UTC(FIRST_YEAR, 0, 1)
const to = Date.UTC(LAST_YEAR + 1, 0, 1)

describe('offsets', () => {
  test.each(zones)('offsets of %s equal those of Temporal, every day and around every clock change', (name) => {
    const zone = openZone(name)
    const seconds = Array.from({ length: (to - from) / 86_400_000 }, (_, day) => from / 1000 + day * 86_400 + 43_200)
    for (const { at } of findChanges(zone, from / 1000, to / 1000)) seconds.push(at - 1, at, at + 1)
    for (const second of seconds) {
      const offset = Temporal.Instant.fromEpochMilliseconds(second * 1000).toZonedDateTimeISO(name).offsetNanoseconds / 1e9
      if (localOf(zone, second) - second !== offset) expect.fail(`${name} at ${new Date(second * 1000).toISOString()}: not ${offset}`)
    }
  })

  test('offsets of all zones of Intl are right in every month of sample years from 1970 to 2070', { timeout: 60_000 }, () => {
    const names = Intl.supportedValuesOf('timeZone')
    for (const name of names) {
      const zone = openZone(name)
      // Sample years are enough here, and take seconds rather than minutes.
      for (let year = 1970; year <= 2070; year += 25) {
        for (let month = 0; month < 12; month++) {
          const ms = Date.UTC(year, month, 15, 12)
          const offset = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(name).offsetNanoseconds / 1e9
          if (zone.segmentAt(ms / 1000).offset !== offset) expect.fail(`${name} at ${new Date(ms).toISOString()}`)
        }
      }
    }
    expect(names.length).toBeGreaterThan(300)
  })

  test.each(['America/New_York', 'Europe/Berlin', 'Australia/Sydney', 'Africa/Casablanca', 'Asia/Gaza'])(
    'offsets of %s in distant years, which are taken from nearer ones, equal those of Intl',
    (name) => {
      const zone = openZone(name)
      for (const year of [2087, 2100, 2101, 2150, 2200, 2399, 2400, 3001, 9998]) {
        for (let day = 0; day < 365; day += 5) {
          const ms = Date.UTC(year, 0, 1 + day, 12)
          const offset = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(name).offsetNanoseconds / 1e9
          if (zone.segmentAt(ms / 1000).offset !== offset) expect.fail(`${name} at ${new Date(ms).toISOString()}`)
        }
      }
    },
  )
})

/** Temporal's instants for a local time: with the earlier and with the later offset of a gap or an overlap. */
interface Resolved {
  readonly earlier: Temporal.ZonedDateTime
  readonly later: Temporal.ZonedDateTime
  readonly kind: 'plain' | 'gap' | 'overlap'
}

function resolve(local: Temporal.PlainDateTime, zone: string, isNearChange: boolean): Resolved {
  const earlier = local.toZonedDateTime(zone, { disambiguation: 'earlier' })
  if (!isNearChange) return { earlier, later: earlier, kind: 'plain' }
  const later = local.toZonedDateTime(zone, { disambiguation: 'later' })
  if (earlier.epochMilliseconds === later.epochMilliseconds) return { earlier, later, kind: 'plain' }
  return { earlier, later, kind: earlier.toPlainDateTime().equals(local) ? 'overlap' : 'gap' }
}

function instantsOf({ earlier, later, kind }: Resolved, gap: GapPolicy, overlap: OverlapPolicy): number[] {
  const both = [earlier.epochMilliseconds, later.epochMilliseconds]
  switch (kind) {
    case 'plain':
      return both.slice(0, 1)
    case 'overlap':
      return overlap === 'both' ? both : overlap === 'first' ? both.slice(0, 1) : both.slice(1)
    case 'gap':
      if (gap === 'skip') return []
      return gap === 'shift' ? both.slice(1) : [earlier.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.NaN]
  }
}

function resolveAll(zone: string): Resolved[] {
  const resolved: Resolved[] = []
  const end = Temporal.PlainDate.from({ year: LAST_YEAR, month: 12, day: 31 })
  let date = Temporal.PlainDate.from({ year: FIRST_YEAR, month: 1, day: 1 })
  let change = date.toZonedDateTime(zone).subtract({ days: 3 }).getTimeZoneTransition('next')
  for (; Temporal.PlainDate.compare(date, end) <= 0; date = date.add({ days: 1 })) {
    while (change && Temporal.PlainDate.compare(change.toPlainDate().add({ days: 2 }), date) < 0)
      change = change.getTimeZoneTransition('next')
    const isNearChange = change != null && Temporal.PlainDate.compare(change.toPlainDate().subtract({ days: 2 }), date) <= 0
    for (const hour of [0, 2]) resolved.push(resolve(date.toPlainDateTime({ hour, minute: 30 }), zone, isNearChange))
  }
  return resolved
}

const policies: readonly (readonly [GapPolicy, OverlapPolicy])[] = [
  ['shift', 'first'],
  ['first-valid', 'second'],
  ['skip', 'both'],
]

describe('a daily rule under every policy', () => {
  test.each(zones)('a daily rule in %s occurs when Temporal says', { timeout: 30_000 }, (zone) => {
    const resolved = resolveAll(zone)
    for (const [gap, overlap] of policies) {
      const expected = new Set(resolved.flatMap((one) => instantsOf(one, gap, overlap)))
      const compiled = compileSchedule({
        zone,
        start: `${FIRST_YEAR}-01-01`,
        end: `${LAST_YEAR}-12-31`,
        include: [{ kind: 'cron', cron: '30 0,2 * * *' }],
        dst: { gap, overlap },
      })
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
      const { occurrences, isComplete } = occurrencesBetween(compiled.value, from - 86_400_000, to + 86_400_000, 10_000)
      expect(isComplete).toBe(true)
      expect(occurrences.map(({ nominalMs }) => nominalMs)).toEqual([...expected].sort((a, b) => a - b))
    }
  })
})

describe('an hourly rule', () => {
  test.each(zones)('an hourly rule in %s occurs every hour of elapsed time, whatever the clocks do', (zone) => {
    for (const include of [
      { kind: 'rrule', rrule: 'FREQ=HOURLY', start: '2011-01-01' },
      { kind: 'interval', every: '1h', anchor: '2011-01-01' },
    ] as const) {
      const compiled = compileSchedule({ zone, include: [include], start: '2011-01-01' })
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
      const { occurrences } = occurrencesBetween(compiled.value, from - 86_400_000, to, 100_000)
      const steps = new Set(occurrences.map(({ nominalMs }, at) => nominalMs - (occurrences[at - 1]?.nominalMs ?? nominalMs - 3_600_000)))
      expect([...steps]).toEqual([3_600_000])
    }
  })
})
