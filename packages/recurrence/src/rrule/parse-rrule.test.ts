/** RRULE texts: every refusal with its position, linear time for hostile texts, and the parts of valid ones. */
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { parseRrule } from './parse-rrule.ts'

const zoned = 'DTSTART;TZID=America/New_York:19970902T090000\n'

describe('malformed recurrences', () => {
  test.each<readonly [string, number, string]>([
    ['', 0, 'empty part'],
    ['DAILY', 0, 'not a part of a rule'],
    ['COUNT=2', 0, 'needs FREQ'],
    ['FREQ=', 5, 'no value'],
    ['FREQ=FORTNIGHTLY', 5, 'FREQ must be one of'],
    ['FREQ=DAILY;', 11, 'empty part'],
    ['FREQ=DAILY;;COUNT=2', 11, 'empty part'],
    [';FREQ=DAILY', 0, 'empty part'],
    ['FREQ=DAILY;FREQ=WEEKLY', 11, 'FREQ is given twice'],
    ['FREQ=DAILY;BYEASTER=0', 11, 'no part "BYEASTER"'],
    ['FREQ=DAILY;X-FOO=1', 11, 'no part'],
    ['FREQ=DAILY;INTERVAL=0', 20, 'INTERVAL must be from 1'],
    ['FREQ=DAILY;INTERVAL=-1', 20, 'whole number'],
    ['FREQ=DAILY;INTERVAL=1.5', 20, 'whole number'],
    ['FREQ=DAILY;INTERVAL=99999999999', 20, 'INTERVAL must be from 1'],
    ['FREQ=DAILY;COUNT=0', 17, 'COUNT must be from 1'],
    ['FREQ=DAILY;COUNT=+5', 17, 'whole number'],
    ['FREQ=DAILY;COUNT=2;UNTIL=20260101', 19, 'not by both'],
    ['FREQ=DAILY;UNTIL=2026-01-01', 17, 'not a date'],
    ['FREQ=DAILY;UNTIL=20260230', 17, 'there is no day 2026-02-30'],
    ['FREQ=DAILY;UNTIL=20260101T250000', 26, 'hour 25'],
    ['FREQ=DAILY;UNTIL=20260101T006000', 28, 'minute 60'],
    ['FREQ=DAILY;UNTIL=20260101T000061', 30, 'second 61'],
    ['FREQ=DAILY;UNTIL=19980119T230000-0800', 17, 'not a date'],
    ['FREQ=DAILY;BYSECOND=61', 20, 'from 0 to 60'],
    ['FREQ=DAILY;BYMINUTE=60', 20, 'from 0 to 59'],
    ['FREQ=DAILY;BYHOUR=24', 18, 'from 0 to 23'],
    ['FREQ=DAILY;BYHOUR=+9', 18, 'whole numbers'],
    ['FREQ=DAILY;BYHOUR=009', 18, 'whole numbers'],
    ['FREQ=DAILY;BYHOUR=9,', 20, 'empty entry'],
    ['FREQ=DAILY;BYHOUR=9, 10', 20, 'whole numbers'],
    ['FREQ=DAILY;BYDAY=', 17, 'no value'],
    ['FREQ=WEEKLY;BYDAY=XX', 18, 'weekdays'],
    ['FREQ=WEEKLY;BYDAY=MON', 18, 'weekdays'],
    ['FREQ=WEEKLY;BYDAY=MO,,TU', 21, 'empty entry'],
    ['FREQ=WEEKLY;BYDAY=1MO', 12, 'only in MONTHLY and YEARLY'],
    ['FREQ=DAILY;BYDAY=-1FR', 11, 'only in MONTHLY and YEARLY'],
    ['FREQ=MONTHLY;BYDAY=0MO', 19, 'from 1 to 53'],
    ['FREQ=YEARLY;BYDAY=54MO', 18, 'from 1 to 53'],
    ['FREQ=YEARLY;BYDAY=1MO;BYWEEKNO=20', 12, 'together with BYWEEKNO'],
    ['FREQ=MONTHLY;BYMONTHDAY=0', 24, 'from 1 to 31'],
    ['FREQ=MONTHLY;BYMONTHDAY=32', 24, 'from 1 to 31'],
    ['FREQ=WEEKLY;BYMONTHDAY=1', 12, 'not allowed in a WEEKLY'],
    ['FREQ=YEARLY;BYYEARDAY=0', 22, 'from 1 to 366'],
    ['FREQ=YEARLY;BYYEARDAY=367', 22, 'from 1 to 366'],
    ['FREQ=DAILY;BYYEARDAY=1', 11, 'not allowed in a DAILY'],
    ['FREQ=WEEKLY;BYYEARDAY=1', 12, 'not allowed in a WEEKLY'],
    ['FREQ=MONTHLY;BYYEARDAY=1', 13, 'not allowed in a MONTHLY'],
    ['FREQ=YEARLY;BYWEEKNO=54', 21, 'from 1 to 53'],
    ['FREQ=MONTHLY;BYWEEKNO=1', 13, 'only in a YEARLY'],
    ['FREQ=YEARLY;BYMONTH=13', 20, 'from 1 to 12'],
    ['FREQ=YEARLY;BYMONTH=0', 20, 'from 1 to 12'],
    ['FREQ=YEARLY;BYMONTH=5L', 20, 'no leap month'],
    ['FREQ=MONTHLY;BYSETPOS=1', 13, 'another BY'],
    ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0', 31, 'from 1 to 366'],
    ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367', 31, 'from 1 to 366'],
    ['FREQ=WEEKLY;WKST=1MO', 17, 'WKST must be one of'],
    ['FREQ=MONTHLY;SKIP=FORWARD', 13, 'together with RSCALE'],
    ['RSCALE=HEBREW;FREQ=YEARLY', 7, 'only GREGORIAN is'],
    ['RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=SIDEWAYS', 34, 'SKIP must be one of'],
    [' FREQ=DAILY', 0, 'no part'],
    ['FREQ = DAILY', 0, 'no part'],
    ['RRULE:FREQ=DAILY\nSUMMARY:Lunch', 17, 'not SUMMARY'],
    ['RRULE FREQ=DAILY', 0, 'no part'],
    ['DTSTART:19970902T090000', 23, 'needs an RRULE or RDATE'],
    ['DTSTART:19970902T090000\nDTSTART:19970902T090000\nRRULE:FREQ=DAILY', 24, 'is given twice'],
    ['DTSTART;TZID=Mars/Olympus:19970902T090000\nRRULE:FREQ=DAILY', 0, 'not an IANA time zone'],
    ['DTSTART;TZID=America/New_York:19970902T090000Z\nRRULE:FREQ=DAILY', 45, 'cannot have a TZID'],
    ['DTSTART;VALUE=DATE:19970902T090000\nRRULE:FREQ=DAILY', 19, 'VALUE=DATE'],
    ['DTSTART:18990101T000000\nRRULE:FREQ=DAILY', 8, 'year 1899'],
    [`${zoned}RRULE:FREQ=DAILY;UNTIL=19971224T000000`, 69, 'must be in UTC'],
    [`${zoned}RRULE:FREQ=DAILY;UNTIL=19971224`, 69, 'must be a date-time'],
    ['DTSTART;VALUE=DATE:19970902\nRRULE:FREQ=DAILY;UNTIL=19971224T000000Z', 51, 'must be a date,'],
  ])('refuses %j', (text, position, message) => {
    const parsed = parseRrule(text)
    expect(parsed.ok).toBe(false)
    if (parsed.ok) return
    expect(parsed.problem.message).toContain(message)
    expect(parsed.problem.position).toBe(position)
  })

  test('reports the position in the folded text', () => {
    const parsed = parseRrule('RRULE:FREQ=DAILY;BYHOUR=9,\r\n 10,\r\n 25')
    expect(parsed).toEqual({ ok: false, problem: { position: 35, message: 'BYHOUR must be from 0 to 23, not 25' } })
  })

  test.each([
    ['far too long', `FREQ=DAILY;BYHOUR=${'1,'.repeat(200_000)}`],
    ['of one endless list', `FREQ=DAILY;BYHOUR=${'1,'.repeat(90_000)}1`],
    ['of endless parts', 'FREQ=DAILY;'.repeat(18_000)],
    ['of endless parameters', `DTSTART${';A=B'.repeat(40_000)}:20260101`],
    ['of endless commas in a parameter', `DTSTART;A=${',b'.repeat(90_000)}`],
    ['of endless folds', `RRULE:FREQ=DAILY${'\r\n '.repeat(60_000)};X=1`],
    ['of endless lines', 'RRULE:FREQ=DAILY\n'.repeat(11_000)],
    ['of endless dates', `RDATE:${'20260101T000000Z,'.repeat(11_000)}20260101T000000Z`],
  ])('refuses in linear time a text %s', (_, text) => {
    expect(parseRrule(text).ok).toBe(false)
    // Quadratic work would take hundreds of times as long.
    const readingMs = cpuMs(() => text.replaceAll(/./gs, (character) => character), 5)
    expect(cpuMs(() => parseRrule(text), 5)).toBeLessThan(5 * readingMs)
  })
})

describe('valid recurrences', () => {
  test('parses names and values in any case and order', () => {
    expect(parseRrule('byday=mo,1su;freq=monthly')).toMatchObject({
      ok: true,
      value: {
        rules: [
          {
            frequency: 'MONTHLY',
            byDay: [
              { weekday: 0, nth: undefined },
              { weekday: 6, nth: 1 },
            ],
          },
        ],
      },
    })
  })

  test('parses plus signs where the grammar allows them', () => {
    expect(parseRrule('FREQ=MONTHLY;BYMONTHDAY=+1,-1;BYSETPOS=+1')).toMatchObject({
      value: { rules: [{ byMonthDay: [-1, 1], bySetPosition: [1] }] },
    })
  })

  test('reads second 60 as 59', () => {
    expect(parseRrule('FREQ=MINUTELY;BYSECOND=59,60')).toMatchObject({ value: { rules: [{ bySecond: [59] }] } })
  })

  test('parses all lines of a recurrence', () => {
    const text = [
      'DTSTART;TZID="Europe/Berlin":20260101T090000',
      'RRULE:FREQ=DAILY',
      'RRULE:FREQ=WEEKLY;BYDAY=SU',
      'EXRULE:FREQ=MONTHLY',
      'RDATE;VALUE=PERIOD:20260105T100000Z/PT1H,20260106T100000Z/20260106T120000Z',
      'EXDATE;VALUE=DATE:20260107,20260108',
      '',
    ].join('\r\n')
    const parsed = parseRrule(text)
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        start: { zone: 'Europe/Berlin', isDate: false },
        rules: [{ frequency: 'DAILY' }, { frequency: 'WEEKLY' }],
        exceptionRules: [{ frequency: 'MONTHLY' }],
        dates: [{ zone: 'UTC' }, { zone: 'UTC' }],
        exceptionDates: [{ isDate: true }, { isDate: true }],
      },
    })
  })

  test('parses a local UNTIL if DTSTART has no zone', () => {
    expect(parseRrule('FREQ=DAILY;UNTIL=20261231T235959').ok).toBe(true)
    expect(parseRrule('DTSTART:20260101T090000\nRRULE:FREQ=DAILY;UNTIL=20261231T235959').ok).toBe(true)
  })
})
