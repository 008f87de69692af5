/** Recurrences against RFC 7529's examples, hand-counted cases, brute-force counting, and rrule-temporal as the oracle for random rules. */
import fc from 'fast-check'
import { RRuleTemporal } from 'rrule-temporal'
import { describe, expect, test } from 'vitest'
import { formatLocalIso } from '../format-iso.ts'
import { compiled, listLocal, listRule } from '../testing.fixture.ts'
import { instantOf, localOf } from '../zone/local-time.ts'
import { openZone } from '../zone/zone.ts'

const newYork = 'America/New_York'

describe('conventions where RFC 5545 is silent or easily misread', () => {
  test('a DTSTART that does not match the rule is not an occurrence', () => {
    expect(listRule('FREQ=WEEKLY;BYDAY=MO;COUNT=2', '19970902T090000', 3)).toEqual(['19970908T090000', '19970915T090000'])
  })

  test('BYWEEKNO without BYDAY takes the weekday of DTSTART', () => {
    expect(listRule('FREQ=YEARLY;BYWEEKNO=20', '19970512T090000', 3)).toEqual(['19970512T090000', '19980511T090000', '19990517T090000'])
  })

  test('a week belongs to the year it is numbered in, even if it starts in another', () => {
    expect(listRule('FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO', '20241230T090000', 3)).toEqual([
      '20241230T090000',
      '20270104T090000',
      '20290101T090000',
    ])
    expect(listRule('FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU', '20200101T000000', 3)).toEqual([
      '20210103T000000',
      '20220102T000000',
      '20230101T000000',
    ])
  })

  test('BYSETPOS counts from the start of the week, even if DTSTART is in the middle of it', () => {
    expect(listRule('FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2,3', '19970904T090000', 3)).toEqual([
      '19970905T090000',
      '19970910T090000',
      '19970912T090000',
    ])
    expect(listRule('FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=-1', '20260101T093000', 2)).toEqual(['20260101T094000', '20260101T104000'])
  })

  test('BYMONTHDAY in a yearly rule without BYMONTH means every month', () => {
    expect(listRule('FREQ=YEARLY;BYMONTHDAY=15', '20260101T000000', 3)).toEqual(['20260115T000000', '20260215T000000', '20260315T000000'])
  })

  test('parts are evaluated in the order of the RFC (3.3.10, the example at its end)', () => {
    expect(listRule('FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30', '19970105T083000', 9)).toEqual([
      ...['05', '12', '19', '26'].flatMap((day) => [`199701${day}T083000`, `199701${day}T093000`]),
      '19990103T083000',
    ])
  })

  test('a leap day is skipped in other years and does not count', () => {
    expect(listRule('FREQ=YEARLY;COUNT=3', '20240229T120000', 4)).toEqual(['20240229T120000', '20280229T120000', '20320229T120000'])
  })

  test('a DTSTART that is a date ignores times of day', () => {
    expect(listRule('FREQ=DAILY;BYHOUR=9;COUNT=2', '20260101', 3)).toEqual(['20260101T000000', '20260102T000000'])
  })

  test('UNTIL is inclusive; as a date it includes its day', () => {
    expect(listRule('FREQ=DAILY;UNTIL=20260102T090000', '20260101T090000', 5)).toHaveLength(2)
    const include = [{ kind: 'rrule', rrule: 'FREQ=HOURLY;INTERVAL=12;UNTIL=20260102' }] as const
    expect(listLocal({ zone: newYork, start: '2026-01-01T09:00', include }, '2026-01-01T00:00:00Z', 9).at(-1)).toBe(
      '2026-01-02T21:00:00-05:00',
    )
  })
})

describe('RFC 7529 in the Gregorian calendar', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['RSCALE=GREGORIAN;FREQ=YEARLY', '20120229', ['20120229', '20160229', '20200229', '20240229']],
    ['RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD', '20120229', ['20120229', '20130228', '20140228', '20150228', '20160229']],
    ['RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD', '20120229', ['20120229', '20130301', '20140301', '20150301', '20160229']],
    ['RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD', '20140131', ['20140131', '20140228', '20140331', '20140430']],
    ['RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD', '20140131', ['20140131', '20140301', '20140331', '20140501']],
    ['RSCALE=GREGORIAN;FREQ=MONTHLY;INTERVAL=3;SKIP=FORWARD', '20140131', ['20140131', '20140501', '20140731', '20141031']],
    [
      'RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=BACKWARD',
      '20150101',
      ['20150101', '20150131', '20150301', '20150331', '20150501'],
    ],
    ['RSCALE=GREGORIAN;FREQ=YEARLY;BYYEARDAY=366;SKIP=FORWARD', '20121231', ['20121231', '20140101', '20150101', '20160101', '20161231']],
    ['RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;SKIP=FORWARD', '20150201', ['20150228', '20150301', '20160228', '20160229']],
    [
      'RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=30,31;BYSETPOS=1;SKIP=FORWARD',
      '20150101',
      ['20150130', '20150301', '20150330', '20150430'],
    ],
  ])('RFC 7529: %s from %s', (rule, start, expected) => {
    expect(listRule(rule, start, expected.length).map((stamp) => stamp.slice(0, 8))).toEqual(expected)
  })
})

describe('recurrence sets', () => {
  const set = (...lines: string[]) =>
    listLocal({ zone: newYork, include: [{ kind: 'rrule', rrule: lines.join('\n') }] }, '2026-01-01T00:00:00Z', 20)

  test('unites rules and dates without duplicates, minus exceptions', () => {
    expect(
      set(
        'DTSTART;TZID=America/New_York:20260105T090000',
        'RRULE:FREQ=DAILY;COUNT=4',
        'RDATE:20260105T140000Z,20260110T140000Z',
        'EXDATE;TZID=America/New_York:20260106T090000',
      ),
    ).toEqual(['2026-01-05', '2026-01-07', '2026-01-08', '2026-01-10'].map((date) => `${date}T09:00:00-05:00`))
  })

  test('an exception that is a date removes the whole day', () => {
    const lines = ['DTSTART:20260105T000000', 'RRULE:FREQ=HOURLY;INTERVAL=8;COUNT=9', 'EXDATE;VALUE=DATE:20260106']
    expect(set(...lines).map((line) => line.slice(0, 13))).toEqual(
      ['05T00', '05T08', '05T16', '07T00', '07T08', '07T16'].map((hour) => `2026-01-${hour}`),
    )
  })

  test('removes the occurrences of an EXRULE', () => {
    const lines = ['DTSTART:20260105T090000', 'RRULE:FREQ=DAILY;COUNT=7', 'EXRULE:FREQ=WEEKLY;BYDAY=SA,SU']
    expect(set(...lines)).toHaveLength(5)
  })
})

describe('when the clocks change', () => {
  const daily = (time: string, dst: object) =>
    listLocal(
      { zone: newYork, start: `2026-01-01T${time}`, include: [{ kind: 'rrule', rrule: 'FREQ=DAILY;COUNT=400' }], dst },
      '2026-03-08T00:00:00-05:00',
      2,
    )

  test.each([
    ['shift', '2026-03-08T03:30:00-04:00'],
    ['first-valid', '2026-03-08T03:00:00-04:00'],
    ['skip', '2026-03-09T02:30:00-04:00'],
  ] as const)('a time that does not exist, with the policy %s', (gap, first) => {
    expect(daily('02:30', { gap })[0]).toBe(first)
  })

  test('shifted times are in the order of instants, not of local times', () => {
    const rrule = 'FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45'
    expect(listLocal({ zone: newYork, start: '2026-01-01', include: [{ kind: 'rrule', rrule }] }, '2026-03-08T00:00:00-05:00', 3)).toEqual([
      '2026-03-08T03:15:00-04:00',
      '2026-03-08T03:45:00-04:00',
      '2026-03-09T02:15:00-04:00',
    ])
  })

  test('skipped times do not count', () => {
    const rule = (gap: 'skip' | 'shift') =>
      listLocal(
        { zone: newYork, start: '2026-03-07T02:30', include: [{ kind: 'rrule', rrule: 'FREQ=DAILY;COUNT=3' }], dst: { gap } },
        '2026-03-01T00:00:00Z',
        9,
      )
    expect(rule('skip').at(-1)).toBe('2026-03-10T02:30:00-04:00')
    expect(rule('shift').at(-1)).toBe('2026-03-09T02:30:00-04:00')
  })

  test('every 90 minutes is 90 minutes across a clock change', () => {
    const include = [{ kind: 'rrule', rrule: 'FREQ=MINUTELY;INTERVAL=90' }] as const
    expect(listLocal({ zone: newYork, start: '2026-11-01T00:00', include }, '2026-11-01T00:00:00-04:00', 4)).toEqual([
      '2026-11-01T00:00:00-04:00',
      '2026-11-01T01:30:00-04:00',
      '2026-11-01T02:00:00-05:00',
      '2026-11-01T03:30:00-05:00',
    ])
  })

  test('a rule whose every time is skipped ends', () => {
    const include = [{ kind: 'rrule', rrule: 'FREQ=YEARLY;BYMONTH=3;BYDAY=2SU;BYHOUR=2;BYMINUTE=30' }] as const
    expect(listLocal({ zone: newYork, start: '2026-01-01', include, dst: { gap: 'skip' } }, '2026-01-01T00:00:00Z', 1)).toEqual([])
  })
})

describe('starting a rule anywhere', () => {
  const rules = [
    'FREQ=DAILY',
    'FREQ=DAILY;INTERVAL=3;BYHOUR=2,9;BYMINUTE=0,30',
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU',
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,2',
    'FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=1,31',
    'FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO,SU',
    'RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=30,31;SKIP=FORWARD',
    'FREQ=HOURLY;INTERVAL=7;BYHOUR=1,2,3,9',
    'FREQ=MINUTELY;INTERVAL=25;BYMINUTE=0,5,10',
    'FREQ=SECONDLY;INTERVAL=8641;BYMONTH=3,11',
    'FREQ=DAILY;COUNT=900',
  ]
  test.each(rules)('%s has the same occurrences from the start and from the middle', (rrule) => {
    const one = compiled({ zone: newYork, start: '2020-02-01T01:30', include: [{ kind: 'rrule', rrule }], dst: { overlap: 'both' } })
    const walked: number[] = []
    for (
      let next = one.instants.next(Date.UTC(2020, 0, 1));
      typeof next === 'number' && walked.length < 1500;
      next = one.instants.next(next)
    ) {
      walked.push(next)
    }
    fc.assert(
      fc.property(fc.nat(walked.length - 2), fc.double({ min: 0, max: 0.999, noNaN: true }), (at, part) => {
        const [before = 0, after = 0] = [walked[at], walked[at + 1]]
        const fresh = compiled({ zone: newYork, start: '2020-02-01T01:30', include: [{ kind: 'rrule', rrule }], dst: { overlap: 'both' } })
        return fresh.instants.next(before + Math.floor((after - before) * part)) === after
      }),
      { numRuns: 100 },
    )
  })
})

describe('compared with other implementations', () => {
  const numbers = (min: number, max: number, most: number) =>
    fc.uniqueArray(
      fc.integer({ min, max }).filter((n) => n !== 0 || min === 0),
      { minLength: 1, maxLength: most },
    )
  const weekdays = fc.subarray(['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], { minLength: 1, maxLength: 4 })
  const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

  const dateRule = fc
    .record({
      frequency: fc.constantFrom('DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'),
      interval: fc.integer({ min: 1, max: 5 }),
      months: some(numbers(1, 12, 4)),
      monthDays: some(numbers(-31, 31, 4)),
      days: some(weekdays),
      hours: some(numbers(4, 23, 3)),
      minutes: some(numbers(0, 59, 3)),
      position: some(fc.constantFrom(1, -1, 2)),
      start: fc.integer({ min: 0, max: 3000 }),
    })
    .map(({ frequency, interval, months, monthDays, days, hours, minutes, position, start }) => {
      const list = (name: string, values: readonly unknown[] | undefined) => (values ? `;${name}=${values.join(',')}` : '')
      const by =
        list('BYMONTH', months) +
        (frequency === 'WEEKLY' ? '' : list('BYMONTHDAY', monthDays)) +
        list('BYDAY', days) +
        list('BYHOUR', hours) +
        list('BYMINUTE', minutes)
      const rule = `FREQ=${frequency};INTERVAL=${interval}${by}`
      // For WEEKLY, positions in the first week differ by convention: here they count from the start of the week.
      const hasPosition = by !== '' && position !== undefined && frequency !== 'WEEKLY'
      return { rule: hasPosition ? `${rule};BYSETPOS=${position}` : rule, start: formatLocalIso((10_000 + start) * 86_400 + 9 * 3600) }
    })

  test('rules of days have the occurrences of rrule-temporal', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(dateRule, ({ rule, start }) => {
        const compact = start.replaceAll(/[-:]/g, '')
        const ours = compiled({ zone: newYork, include: [{ kind: 'rrule', rrule: `DTSTART;TZID=${newYork}:${compact}\nRRULE:${rule}` }] })
        const theirs = new RRuleTemporal({ rruleString: `DTSTART;TZID=${newYork}:${compact}\nRRULE:${rule};COUNT=6`, maxIterations: 3000 })
        let expected: number[]
        try {
          expected = theirs.all().map((one) => one.epochMilliseconds)
        } catch {
          // rrule-temporal throws for rules that are too sparse for it.
          return
        }
        const found: number[] = []
        for (let next = ours.instants.next(0); typeof next === 'number' && found.length < expected.length; next = ours.instants.next(next))
          found.push(next)
        expect(found).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  const elapsedRule = fc.record({
    unit: fc.constantFrom(['HOURLY', 3600] as const, ['MINUTELY', 60] as const, ['SECONDLY', 1] as const),
    interval: fc.integer({ min: 1, max: 200 }),
    months: some(numbers(1, 12, 6)),
    monthDays: some(numbers(1, 28, 10)),
    hours: some(numbers(0, 23, 8)),
    minutes: some(numbers(0, 59, 20)),
    seconds: some(numbers(0, 59, 20)),
    // Near both clock changes of 2026 in New York.
    start: fc.oneof(fc.integer({ min: 1_772_900_000, max: 1_773_000_000 }), fc.integer({ min: 1_793_450_000, max: 1_793_550_000 })),
  })

  /** Its hour is never met in winter, and its day and hour meet for the first time in 2070. */
  const firstIn2070 = {
    unit: ['HOURLY', 3600] as const,
    interval: 170,
    months: [5, 1],
    monthDays: [1],
    hours: [6],
    minutes: undefined,
    seconds: undefined,
    start: 1_793_450_000,
  }

  test('rules by elapsed time have the occurrences that counting finds', () => {
    const zone = openZone(newYork)
    fc.assert(
      fc.property(elapsedRule, ({ unit: [frequency, size], interval, months, monthDays, hours, minutes, seconds, start }) => {
        // A local start in the repeated hour means the first of the two instants.
        fc.pre(instantOf(zone, localOf(zone, start)) === start)
        // Only parts that limit a rule: those that expand it are tested elsewhere.
        const minuteLimit = size <= 60 ? minutes : undefined
        const secondLimit = size === 1 ? seconds : undefined
        const list = (name: string, values: readonly number[] | undefined) => (values ? `;${name}=${values.join(',')}` : '')
        const limits =
          list('BYMONTH', months) +
          list('BYMONTHDAY', monthDays) +
          list('BYHOUR', hours) +
          list('BYMINUTE', minuteLimit) +
          list('BYSECOND', secondLimit)
        const begin = formatLocalIso(localOf(zone, start))
        const one = compiled({
          zone: newYork,
          start: begin,
          include: [{ kind: 'rrule', rrule: `FREQ=${frequency};INTERVAL=${interval}${limits}` }],
        })
        const expected: number[] = []
        for (let step = 0; step < 3000; step++) {
          const second = start + step * interval * size
          const local = new Date(localOf(zone, second) * 1000)
          const fits =
            (!months || months.includes(local.getUTCMonth() + 1)) &&
            (!monthDays || monthDays.includes(local.getUTCDate())) &&
            (!hours || hours.includes(local.getUTCHours())) &&
            (!minuteLimit || minuteLimit.includes(local.getUTCMinutes())) &&
            (!secondLimit || secondLimit.includes(local.getUTCSeconds()))
          if (fits) expected.push(second * 1000)
        }
        const end = (start + 3000 * interval * size) * 1000
        const found: number[] = []
        for (let next = one.instants.next(0); typeof next === 'number' && next < end; next = one.instants.next(next)) found.push(next)
        expect(found).toEqual(expected)
      }),
      { numRuns: 300, examples: [[firstIn2070]] },
    )
  })
})
