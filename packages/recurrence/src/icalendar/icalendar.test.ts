/** iCalendar feeds: the events of a text, and the hours that they close in a calendar over the year 2026. */
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { dateOf, dayOf } from '../gregorian.ts'
import { compileCalendar, describeProblems, parseICalendar } from '../index.ts'
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

/** The example of RFC 5545, section 3.6.5: New York since 1967, with the rules of 1987 to 2006 that have ended. */
const ownZone = (tzid: string) => [
  'BEGIN:VTIMEZONE',
  `TZID:${tzid}`,
  ...['BEGIN:DAYLIGHT', 'DTSTART:19870405T020000', 'RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z'],
  ...['TZOFFSETFROM:-0500', 'TZOFFSETTO:-0400', 'TZNAME:EDT', 'END:DAYLIGHT'],
  ...['BEGIN:DAYLIGHT', 'DTSTART:20070311T020000', 'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU'],
  ...['TZOFFSETFROM:-0500', 'TZOFFSETTO:-0400', 'TZNAME:EDT', 'END:DAYLIGHT'],
  ...['BEGIN:STANDARD', 'DTSTART:20071104T020000', 'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU;'],
  ...['TZOFFSETFROM:-0400', 'TZOFFSETTO:-0500', 'TZNAME:EST', 'END:STANDARD'],
  'END:VTIMEZONE',
]

describe('a feed as other programs write it', () => {
  const withZone = (zone: readonly string[], ...events: string[][]) =>
    feed(...events).replace('VERSION:2.0', ['VERSION:2.0', ...zone].join('\r\n'))

  test('may define its own time zones (RFC 5545, section 3.6.5)', () => {
    const text = withZone(
      ownZone('Customized Time Zone 1'),
      ['SUMMARY:Winter', 'DTSTART;TZID=Customized Time Zone 1:20260115T090000', 'DURATION:PT1H'],
      ['SUMMARY:Summer', 'DTSTART;TZID=Customized Time Zone 1:20260715T090000', 'DURATION:PT1H'],
      ['SUMMARY:Between', 'DTSTART;TZID=Customized Time Zone 1:20260310T090000', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=4'],
    )
    // From 8 to 29 March, New York is five hours behind Berlin instead of six.
    expect(changedDays(text)).toEqual([
      '1/15 Winter 0-15,16-24',
      ...['3/10', '3/17', '3/24'].map((day) => `${day} Between 0-14,15-24`),
      '3/31 Between 0-15,16-24',
      '7/15 Summer 0-15,16-24',
    ])
    expect(parseICalendar(text)).toMatchObject({ ok: true, value: { problems: [] } })
  })

  test('may define zones like those of Outlook, from the year 1601, and zones without clock changes', () => {
    const outlook = [
      ...[
        'BEGIN:VTIMEZONE',
        'TZID:tzone://Microsoft/Custom',
        'BEGIN:STANDARD',
        'DTSTART:16010101T030000',
        'TZOFFSETFROM:+0300',
        'TZOFFSETTO:+0200',
      ],
      ...[
        'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10',
        'END:STANDARD',
        'BEGIN:DAYLIGHT',
        'DTSTART:16010101T020000',
        'TZOFFSETFROM:+0200',
      ],
      ...['TZOFFSETTO:+0300', 'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3', 'END:DAYLIGHT', 'END:VTIMEZONE'],
      ...['BEGIN:VTIMEZONE', 'TZID:Fixed', 'BEGIN:STANDARD', 'DTSTART:19700101T000000', 'TZOFFSETFROM:+0530', 'TZOFFSETTO:+053000'],
      ...['END:STANDARD', 'END:VTIMEZONE'],
    ]
    const at = (name: string, tzid: string, date: string) => [`SUMMARY:${name}`, `DTSTART;TZID=${tzid}:${date}T120000`, 'DURATION:PT1H']
    const text = withZone(
      outlook,
      at('Winter', '"tzone://Microsoft/Custom"', '20260115'),
      at('Summer', '"tzone://Microsoft/Custom"', '20260716'),
      at('Fixed', 'Fixed', '20260717'),
    )
    expect(changedDays(text, 'UTC')).toEqual(['1/15 Winter 0-10,11-24', '7/16 Summer 0-9,10-24', '7/17 Fixed 0-6.5,7.5-24'])
  })

  test('may move all later occurrences of a series (RANGE=THISANDFUTURE; RFC 5545, section 3.2.13)', () => {
    const series = ['UID:1', 'SUMMARY:Review', 'DTSTART;TZID=Europe/Berlin:20260302T100000', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=7']
    const from = (date: string, ...lines: string[]) => [
      'UID:1',
      `RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:${date}T100000`,
      ...lines,
    ]
    const later = from('20260323', 'SUMMARY:Later', 'DTSTART;TZID=Europe/Berlin:20260324T140000', 'DURATION:PT2H')
    const single = ['UID:1', 'SUMMARY:Once', 'RECURRENCE-ID;TZID=Europe/Berlin:20260406T100000', 'DTSTART:20260406T080000', 'DURATION:PT1H']
    // On 29 March the clocks change; the time of day stays.
    expect(changedDays(feed(series, later, single))).toEqual([
      ...['3/2 Review 0-10,11-24', '3/9 Review 0-10,11-24', '3/16 Review 0-10,11-24', '3/24 Later 0-14,16-24'],
      ...['3/31 Later 0-14,16-24', '4/6 Once 0-8,9-24', '4/14 Later 0-14,16-24'],
    ])
    expect(changedDays(feed(series, from('20260316', 'DTSTART:20260316T100000', 'STATUS:CANCELLED')))).toHaveLength(2)
    const again = from('20260406', 'SUMMARY:Even later', 'DTSTART;TZID=Europe/Berlin:20260406T180000', 'DURATION:PT1H')
    expect(changedDays(feed(series, again, later)).slice(-3)).toEqual([
      ...['3/31 Later 0-14,16-24', '4/6 Even later 0-18,19-24', '4/13 Even later 0-18,19-24'],
    ])
  })

  test('does not close for events that are marked as free (TRANSP; RFC 5545, section 3.8.2.7), unless the layer says so', () => {
    const text = feed(
      ['SUMMARY:Busy', 'DTSTART;VALUE=DATE:20260601', 'TRANSP:OPAQUE'],
      ['SUMMARY:Birthday', 'DTSTART;VALUE=DATE:20260602', 'TRANSP:TRANSPARENT'],
    )
    expect(changedDays(text)).toEqual(['6/1 Busy'])
    const layers = [{ kind: 'feed', feed: 'x', free: 'closed' }] as const
    const compiled = compileCalendar({ zone: 'UTC', layers }, { feeds: () => text })
    expect(compiled.ok && compiled.value.planOf(dayOf(2026, 6, 2)).open).toEqual([])
  })

  test('may have a semicolon at the end of a rule or of parameters', () => {
    const text = feed(['SUMMARY:Twice', 'DTSTART;VALUE=DATE;:20260601', 'RRULE:FREQ=DAILY;COUNT=2;'])
    expect(changedDays(text)).toEqual(['6/1 Twice', '6/2 Twice'])
  })

  test.each([
    ['+9999', '+9999', 'TZOFFSETFROM is not an offset from -1600 to +1600 such as -0500'],
    ['-1600', '+1600', 'the time zone Odd moves its clocks by more than a day'],
    ['-0960', '+0100', 'TZOFFSETFROM is not an offset from -1600 to +1600 such as -0500'],
  ])('refuses a time zone whose clocks are where none on earth are: %s to %s', (from, to, message) => {
    const observance = ['BEGIN:STANDARD', 'DTSTART:20260101T000000', `TZOFFSETFROM:${from}`, `TZOFFSETTO:${to}`, 'END:STANDARD']
    const text = withZone(
      ['BEGIN:VTIMEZONE', 'TZID:Odd', ...observance, 'END:VTIMEZONE'],
      ['SUMMARY:Odd', 'DTSTART;TZID=Odd:20260503T090000'],
    )
    const parsed = parseICalendar(text)
    if (!parsed.ok) throw new Error(parsed.problem.message)
    expect(describeProblems(text, parsed.value).join()).toContain(`${message}; its times are read in the zone of the feed`)
  })

  test('is described by what is left out or not understood, with the line', () => {
    const text = withZone(
      ['BEGIN:VTIMEZONE', 'TZID:Broken', 'BEGIN:STANDARD', 'DTSTART:20260101T000000', 'TZOFFSETFROM:+01', 'END:STANDARD', 'END:VTIMEZONE'],
      ['SUMMARY:Good', 'DTSTART;VALUE=DATE:20260101'],
      ['SUMMARY:No start'],
      ['SUMMARY:No start', ' either'],
      ['SUMMARY:Zone', 'DTSTART;TZID=Nowhere:20260501T090000'],
      ['SUMMARY:Zone', 'DTSTART;TZID=Nowhere:20260502T090000'],
      ['SUMMARY:Zone', 'DTSTART;TZID=Broken:20260503T090000'],
      ['UID:1', 'RECURRENCE-ID;RANGE=THISANDPRIOR:20260101T000000', 'DTSTART:20260101T000000', 'TRANSP:TRANSPARENT'],
      ['SUMMARY:Periods', 'DTSTART:20260504T090000', 'RDATE;VALUE=PERIOD:20260505T090000/PT5H'],
      ['SUMMARY:Lunar', 'DTSTART:20260504T090000', 'RRULE:RSCALE=CHINESE;FREQ=YEARLY'],
      ['what is this', 'DTSTART;VALUE=DATE:20260102'],
    ).replace('END:VCALENDAR', 'BEGIN:VFREEBUSY\r\nFREEBUSY:20260506T090000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR')
    const parsed = parseICalendar(text)
    if (!parsed.ok) throw new Error(parsed.problem.message)
    expect(describeProblems(text, parsed.value)).toEqual([
      'line 59: what needs a colon before its value',
      'line 62: VFREEBUSY is not used: only events close a calendar',
      'line 23: an event was left out: the event has no DTSTART (and at 1 other places)',
      'line 32: the time zone "Nowhere" is not an IANA zone and the feed does not define it; its times are read in the zone of the feed, Europe/Berlin',
      'line 7: TZOFFSETFROM is not an offset from -1600 to +1600 such as -0500; its times are read in the zone of the feed, Europe/Berlin',
      'line 42: RANGE=THISANDPRIOR is not used: one occurrence is replaced',
      'line 48: RDATE lists periods: their starts are used, with the length of the event',
      'line 56: an event was left out: RSCALE=CHINESE is not supported: only GREGORIAN is',
      '1 of 7 events are marked as free (TRANSP:TRANSPARENT): they close nothing unless the layer has free: closed',
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
      'an event was left out: the event has no DTSTART',
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
