/** iCalendar feeds: the events of a text, and the hours that they close in a calendar over the year 2026. */
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { dateOf, dayOf } from '../gregorian.ts'
import { compileCalendar, parseICalendar } from '../index.ts'
import { nameZone } from './name-zone.ts'

const feed = (...events: string[][]) =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Example//EN',
    'X-WR-TIMEZONE:Europe/Berlin',
    'BEGIN:VTIMEZONE',
    'TZID:Europe/Berlin',
    'BEGIN:STANDARD',
    'DTSTART:19701025T030000',
    'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
    'END:STANDARD',
    'END:VTIMEZONE',
    ...events.flatMap((lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']),
    'END:VCALENDAR',
    '',
  ].join('\r\n')

/** The days of 2026 on which a calendar with the feed is not open all day, with its opening hours on those days. */
function changedDays(text: string, zone = 'Europe/Berlin'): string[] {
  const compiled = compileCalendar({ zone, layers: [{ kind: 'feed', feed: 'x' }] }, { feeds: () => text })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
  const changed: string[] = []
  for (let day = dayOf(2026, 1, 1); day <= dayOf(2026, 12, 31); day++) {
    const { open, name } = compiled.value.planOf(day)
    if (name === undefined) continue
    const { month, day: monthDay } = dateOf(day)
    changed.push(`${month}/${monthDay} ${name} ${open.map(({ from, to }) => `${from / 3600}-${to / 3600}`).join(',')}`.trim())
  }
  return changed
}

describe('a calendar with a feed', () => {
  test('closes on whole-day events, single and in series', () => {
    const text = feed(
      ['UID:1', 'SUMMARY:Team day\\, out', 'DTSTART;VALUE=DATE:20260115', 'DTEND;VALUE=DATE:20260117'],
      ['UID:2', 'SUMMARY:Birthday', 'DTSTART;VALUE=DATE:20200229', 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1'],
      ['UID:3', 'SUMMARY:One day', 'DTSTART;VALUE=DATE:20260601'],
    )
    expect(changedDays(text)).toEqual(['1/15 Team day, out', '1/16 Team day, out', '2/28 Birthday', '6/1 One day'])
    // A whole-day event is on that day in the zone of the calendar.
    expect(changedDays(text, 'Pacific/Auckland')).toHaveLength(4)
  })

  test('closes for timed events, in the zone of the event', () => {
    const text = feed(
      ['UID:1', 'SUMMARY:Here', 'DTSTART;TZID=Europe/Berlin:20260115T120000', 'DTEND;TZID=Europe/Berlin:20260115T133000'],
      ['UID:2', 'SUMMARY:In UTC', 'DTSTART:20260202T230000Z', 'DURATION:PT2H'],
      ['UID:3', 'SUMMARY:Outlook', 'DTSTART;TZID="Pacific Standard Time":20260303T090000', 'DURATION:PT1H'],
      ['UID:4', 'SUMMARY:Floating', 'DTSTART:20260404T080000', 'DTEND:20260404T090000'],
      [
        'UID:5',
        'SUMMARY:Unknown zone',
        'DTSTART;TZID=Customized Time Zone:20260505T080000',
        'DTEND;TZID=Customized Time Zone:20260505T090000',
      ],
    )
    expect(changedDays(text)).toEqual([
      '1/15 Here 0-12,13.5-24',
      '2/3 In UTC 2-24',
      '3/3 Outlook 0-18,19-24',
      '4/4 Floating 0-8,9-24',
      '5/5 Unknown zone 0-8,9-24',
    ])
  })

  test('handles a series with an exception, a moved and a cancelled occurrence', () => {
    const text = feed(
      [
        'UID:1',
        'SUMMARY:Review',
        'DTSTART;TZID=Europe/Berlin:20260302T100000',
        'DTEND;TZID=Europe/Berlin:20260302T110000',
        'RRULE:FREQ=WEEKLY;COUNT=6',
        'EXDATE;TZID=Europe/Berlin:20260309T100000',
        'BEGIN:VALARM',
        'TRIGGER:-PT15M',
        'DTSTART:20260101T000000',
        'END:VALARM',
      ],
      [
        'UID:1',
        'SUMMARY:Review later',
        'RECURRENCE-ID;TZID=Europe/Berlin:20260316T100000',
        'DTSTART;TZID=Europe/Berlin:20260317T140000',
        'DURATION:PT1H',
      ],
      [
        'UID:1',
        'SUMMARY:Review',
        'RECURRENCE-ID;TZID=Europe/Berlin:20260323T100000',
        'DTSTART;TZID=Europe/Berlin:20260323T100000',
        'STATUS:CANCELLED',
      ],
    )
    expect(changedDays(text)).toEqual([
      '3/2 Review 0-10,11-24',
      '3/17 Review later 0-14,15-24',
      '3/30 Review 0-10,11-24',
      '4/6 Review 0-10,11-24',
    ])
  })

  test('handles events that end in another zone or after a clock change', () => {
    const text = feed(
      ['UID:1', 'SUMMARY:Flight', 'DTSTART;TZID=America/New_York:20260302T090000', 'DTEND;TZID=Europe/London:20260302T210000'],
      ['UID:2', 'SUMMARY:In UTC', 'DTSTART:20260303T150000Z', 'DTEND;TZID=America/New_York:20260303T120000'],
      ['UID:3', 'SUMMARY:Night', 'DTSTART;TZID=Europe/Berlin:20260328T220000', 'DTEND;TZID=Europe/Berlin:20260329T060000'],
    )
    expect(changedDays(text)).toEqual(['3/2 Flight 0-15,22-24', '3/3 In UTC 0-16,18-24', '3/28 Night 0-22', '3/29 Night 6-24'])
  })

  test('names a closed day after the last event that closes all of it', () => {
    const text = feed(
      ['UID:1', 'SUMMARY:Fair', 'DTSTART;VALUE=DATE:20260601', 'DTEND;VALUE=DATE:20260603'],
      ['UID:2', 'SUMMARY:Stocktaking', 'DTSTART;VALUE=DATE:20260602'],
      ['UID:3', 'SUMMARY:Lunch', 'DTSTART:20260602T120000', 'DURATION:PT1H'],
      ['UID:4', 'SUMMARY:Early', 'DTSTART:20260603T080000', 'DURATION:PT3H'],
      ['UID:5', 'SUMMARY:Daily', 'DTSTART:20260603T100000', 'DURATION:PT2H', 'RRULE:FREQ=DAILY;COUNT=2'],
    )
    expect(changedDays(text)).toEqual(['6/1 Fair', '6/2 Stocktaking', '6/3 Daily 0-8,12-24', '6/4 Daily 0-10,12-24'])
  })

  test('reads oversized feeds in bounded time, and closes rather than opens', () => {
    const many = (count: number, ...lines: string[]) => Array.from({ length: count }, () => lines)
    const daily = 'RRULE:FREQ=DAILY'
    const texts = [
      feed(['DTSTART:20260101T000000Z', 'DURATION:P400D', 'RRULE:FREQ=SECONDLY']),
      feed(['DTSTART:20260101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY']),
      feed(...many(3_000, 'DTSTART;VALUE=DATE:20260101', 'DURATION:P400D')),
      feed(...many(5_000, 'DTSTART:20200101T090000Z', 'DURATION:PT1H', daily)),
    ]
    for (const text of texts) {
      const compiled = compileCalendar({ zone: 'UTC', layers: [{ kind: 'feed', feed: 'x' }] }, { feeds: () => text })
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
      const readDays = () => {
        for (let day = dayOf(2026, 3, 1); day < dayOf(2026, 3, 10); day++)
          expect(compiled.value.planOf(day)).toMatchObject({ open: [], isHoliday: true })
      }
      expect(cpuMs(readDays)).toBeLessThan(10_000)
    }
    const series = many(500, 'UID:1', 'DTSTART:20260101T090000Z', daily)
    const moved = many(500, 'UID:1', 'DTSTART:20260101T100000Z', 'RECURRENCE-ID:20260101T090000Z')
    expect(parseICalendar(feed(...series, ...moved))).toMatchObject({ ok: false, problem: { message: expect.stringContaining('100000') } })
    expect(parseICalendar(`${feed()}${'x\n'.repeat(30_000)}`)).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('20000') },
    })
  })

  test('events without a UID replace nothing', () => {
    const text = feed(
      ['SUMMARY:Series', 'DTSTART:20260105T090000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=2'],
      ['SUMMARY:Other', 'DTSTART:20260110T090000', 'DURATION:PT1H', 'RECURRENCE-ID:20260105T090000'],
    )
    expect(changedDays(text)).toEqual(['1/5 Series 0-9,10-24', '1/6 Series 0-9,10-24', '1/10 Other 0-9,10-24'])
  })

  test('an event past midnight closes both days', () => {
    expect(changedDays(feed(['SUMMARY:Night', 'DTSTART:20260115T220000', 'DTEND:20260116T060000', 'RRULE:FREQ=DAILY;COUNT=2']))).toEqual([
      '1/15 Night 0-22',
      '1/16 Night 6-22',
      '1/17 Night 6-24',
    ])
  })
})

describe('parseICalendar', () => {
  test('leaves out malformed events and reports them', () => {
    const text = feed(
      ['SUMMARY:No start'],
      ['SUMMARY:Bad rule', 'DTSTART:20260101T000000', 'RRULE:FREQ=OFTEN'],
      ['SUMMARY:Good', 'DTSTART;VALUE=DATE:20260101'],
    )
    const parsed = parseICalendar(text)
    if (!parsed.ok) throw new Error(parsed.problem.message)
    expect(parsed.value.events.map(({ name }) => name)).toEqual(['Good'])
    expect(parsed.value.problems.map(({ message }) => message)).toEqual([
      'the event has no DTSTART',
      expect.stringContaining('FREQ must be one of'),
    ])
  })

  test('parses folded lines, and lines that end with a line feed only', () => {
    const text = feed(['SUMMARY:A long name that', ' \tcontinues', 'DTSTART;VALUE=DATE:2026', ' 0101']).replaceAll('\r\n', '\n')
    const parsed = parseICalendar(text)
    expect(parsed).toMatchObject({
      ok: true,
      value: { events: [{ name: 'A long name that\tcontinues', lengthSeconds: 86_400 }], problems: [] },
    })
  })

  test('refuses texts that are not a calendar', () => {
    for (const text of ['', '<html></html>', '{"error":"not found"}', 'BEGIN:VEVENT']) expect(parseICalendar(text).ok).toBe(false)
    expect(parseICalendar('x'.repeat(6_000_000)).ok).toBe(false)
  })
})

test.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  ['/freeassociation.sourceforge.net/Europe/Berlin', 'Europe/Berlin'],
  ['/citadel.org/20210210_1/America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ['W. Europe Standard Time', 'Europe/Berlin'],
  ['Customized Time Zone', undefined],
])('maps the zone %s to %s', (tzid, expected) => {
  expect(nameZone(tzid)).toBe(expected)
})
