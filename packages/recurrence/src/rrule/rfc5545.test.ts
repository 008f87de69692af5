/** Every example of RFC 5545 3.8.5.3, in the RFC's order, as instants in New York. */
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { compileSchedule, occurrencesBetween } from '../index.ts'

interface Example {
  readonly name: string
  readonly start: string
  /** Without `RRULE:`. Several rules are different ways to express the same recurrence. */
  readonly rules: readonly string[]
  readonly exceptions?: string
  /** `1997: 9/2-11; 10/26,28` are days; `1997-09-02: 9:00,9:20` are times of a day. */
  readonly expected: readonly string[]
  /** True if the recurrence continues after the expected occurrences; false if it ends with them. */
  readonly isForever?: boolean
}

const sevenDays = 'SU,MO,TU,WE,TH,FR,SA'
const twentyMinutes = Array.from({ length: 24 }, (_, index) => `${9 + Math.floor(index / 3)}:${['00', '20', '40'][index % 3]}`).join(',')

const examples: readonly Example[] = [
  { name: 'Daily for 10 occurrences', start: '19970902T090000', rules: ['FREQ=DAILY;COUNT=10'], expected: ['1997: 9/2-11'] },
  {
    name: 'Daily until December 24, 1997',
    start: '19970902T090000',
    rules: ['FREQ=DAILY;UNTIL=19971224T000000Z'],
    expected: ['1997: 9/2-30; 10/1-31; 11/1-30; 12/1-23'],
  },
  {
    name: 'Every other day - forever',
    start: '19970902T090000',
    rules: ['FREQ=DAILY;INTERVAL=2'],
    expected: [
      '1997: 9/2,4,6,8,10,12,14,16,18,20,22,24,26,28,30; 10/2,4,6,8,10,12,14,16,18,20,22,24,26,28,30',
      '1997: 11/1,3,5,7,9,11,13,15,17,19,21,23,25,27,29; 12/1,3',
    ],
    isForever: true,
  },
  {
    name: 'Every 10 days, 5 occurrences',
    start: '19970902T090000',
    rules: ['FREQ=DAILY;INTERVAL=10;COUNT=5'],
    expected: ['1997: 9/2,12,22; 10/2,12'],
  },
  {
    name: 'Every day in January, for 3 years',
    start: '19980101T090000',
    rules: [`FREQ=YEARLY;UNTIL=20000131T140000Z;\r\n BYMONTH=1;BYDAY=${sevenDays}`, 'FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1'],
    expected: ['1998: 1/1-31', '1999: 1/1-31', '2000: 1/1-31'],
  },
  {
    name: 'Weekly for 10 occurrences',
    start: '19970902T090000',
    rules: ['FREQ=WEEKLY;COUNT=10'],
    expected: ['1997: 9/2,9,16,23,30; 10/7,14,21,28; 11/4'],
  },
  {
    name: 'Weekly until December 24, 1997',
    start: '19970902T090000',
    rules: ['FREQ=WEEKLY;UNTIL=19971224T000000Z'],
    expected: ['1997: 9/2,9,16,23,30; 10/7,14,21,28; 11/4,11,18,25; 12/2,9,16,23'],
  },
  {
    name: 'Every other week - forever',
    start: '19970902T090000',
    rules: ['FREQ=WEEKLY;INTERVAL=2;WKST=SU'],
    expected: ['1997: 9/2,16,30; 10/14,28; 11/11,25; 12/9,23', '1998: 1/6,20; 2/3,17'],
    isForever: true,
  },
  {
    name: 'Weekly on Tuesday and Thursday for five weeks',
    start: '19970902T090000',
    rules: ['FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH', 'FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH'],
    expected: ['1997: 9/2,4,9,11,16,18,23,25,30; 10/2'],
  },
  {
    name: 'Every other week on Monday, Wednesday, and Friday until December 24, 1997, starting on Monday, September 1, 1997',
    start: '19970901T090000',
    rules: ['FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;\r\n BYDAY=MO,WE,FR'],
    expected: ['1997: 9/1,3,5,15,17,19,29; 10/1,3,13,15,17,27,29,31; 11/10,12,14,24,26,28; 12/8,10,12,22'],
  },
  {
    name: 'Every other week on Tuesday and Thursday, for 8 occurrences',
    start: '19970902T090000',
    rules: ['FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH'],
    expected: ['1997: 9/2,4,16,18,30; 10/2,14,16'],
  },
  {
    name: 'Monthly on the first Friday for 10 occurrences',
    start: '19970905T090000',
    rules: ['FREQ=MONTHLY;COUNT=10;BYDAY=1FR'],
    expected: ['1997: 9/5; 10/3; 11/7; 12/5', '1998: 1/2; 2/6; 3/6; 4/3; 5/1; 6/5'],
  },
  {
    name: 'Monthly on the first Friday until December 24, 1997',
    start: '19970905T090000',
    rules: ['FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR'],
    expected: ['1997: 9/5; 10/3; 11/7; 12/5'],
  },
  {
    name: 'Every other month on the first and last Sunday of the month for 10 occurrences',
    start: '19970907T090000',
    rules: ['FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU'],
    expected: ['1997: 9/7,28; 11/2,30', '1998: 1/4,25; 3/1,29; 5/3,31'],
  },
  {
    name: 'Monthly on the second-to-last Monday of the month for 6 months',
    start: '19970922T090000',
    rules: ['FREQ=MONTHLY;COUNT=6;BYDAY=-2MO'],
    expected: ['1997: 9/22; 10/20; 11/17; 12/22', '1998: 1/19; 2/16'],
  },
  {
    name: 'Monthly on the third-to-the-last day of the month, forever',
    start: '19970928T090000',
    rules: ['FREQ=MONTHLY;BYMONTHDAY=-3'],
    expected: ['1997: 9/28; 10/29; 11/28; 12/29', '1998: 1/29; 2/26'],
    isForever: true,
  },
  {
    name: 'Monthly on the 2nd and 15th of the month for 10 occurrences',
    start: '19970902T090000',
    rules: ['FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15'],
    expected: ['1997: 9/2,15; 10/2,15; 11/2,15; 12/2,15', '1998: 1/2,15'],
  },
  {
    name: 'Monthly on the first and last day of the month for 10 occurrences',
    start: '19970930T090000',
    rules: ['FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1'],
    expected: ['1997: 9/30; 10/1,31; 11/1,30; 12/1,31', '1998: 1/1,31; 2/1'],
  },
  {
    name: 'Every 18 months on the 10th thru 15th of the month for 10 occurrences',
    start: '19970910T090000',
    rules: ['FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,\r\n 13,14,15'],
    expected: ['1997: 9/10-15', '1999: 3/10-13'],
  },
  {
    name: 'Every Tuesday, every other month',
    start: '19970902T090000',
    rules: ['FREQ=MONTHLY;INTERVAL=2;BYDAY=TU'],
    expected: ['1997: 9/2,9,16,23,30; 11/4,11,18,25', '1998: 1/6,13,20,27; 3/3,10,17,24,31'],
    isForever: true,
  },
  {
    name: 'Yearly in June and July for 10 occurrences',
    start: '19970610T090000',
    rules: ['FREQ=YEARLY;COUNT=10;BYMONTH=6,7'],
    expected: ['1997: 6/10; 7/10', '1998: 6/10; 7/10', '1999: 6/10; 7/10', '2000: 6/10; 7/10', '2001: 6/10; 7/10'],
  },
  {
    name: 'Every other year on January, February, and March for 10 occurrences',
    start: '19970310T090000',
    rules: ['FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3'],
    expected: ['1997: 3/10', '1999: 1/10; 2/10; 3/10', '2001: 1/10; 2/10; 3/10', '2003: 1/10; 2/10; 3/10'],
  },
  {
    name: 'Every third year on the 1st, 100th, and 200th day for 10 occurrences',
    start: '19970101T090000',
    rules: ['FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200'],
    expected: ['1997: 1/1; 4/10; 7/19', '2000: 1/1; 4/9; 7/18', '2003: 1/1; 4/10; 7/19', '2006: 1/1'],
  },
  {
    name: 'Every 20th Monday of the year, forever',
    start: '19970519T090000',
    rules: ['FREQ=YEARLY;BYDAY=20MO'],
    expected: ['1997: 5/19', '1998: 5/18', '1999: 5/17'],
    isForever: true,
  },
  {
    name: 'Monday of week number 20 (where the default start of the week is Monday), forever',
    start: '19970512T090000',
    rules: ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO'],
    expected: ['1997: 5/12', '1998: 5/11', '1999: 5/17'],
    isForever: true,
  },
  {
    name: 'Every Thursday in March, forever',
    start: '19970313T090000',
    rules: ['FREQ=YEARLY;BYMONTH=3;BYDAY=TH'],
    expected: ['1997: 3/13,20,27', '1998: 3/5,12,19,26', '1999: 3/4,11,18,25'],
    isForever: true,
  },
  {
    name: 'Every Thursday, but only during June, July, and August, forever',
    start: '19970605T090000',
    rules: ['FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8'],
    expected: [
      '1997: 6/5,12,19,26; 7/3,10,17,24,31; 8/7,14,21,28',
      '1998: 6/4,11,18,25; 7/2,9,16,23,30; 8/6,13,20,27',
      '1999: 6/3,10,17,24; 7/1,8,15,22,29; 8/5,12,19,26',
    ],
    isForever: true,
  },
  {
    name: 'Every Friday the 13th, forever',
    start: '19970902T090000',
    exceptions: 'EXDATE;TZID=America/New_York:19970902T090000',
    rules: ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13'],
    expected: ['1998: 2/13; 3/13; 11/13', '1999: 8/13', '2000: 10/13'],
    isForever: true,
  },
  {
    name: 'The first Saturday that follows the first Sunday of the month, forever',
    start: '19970913T090000',
    rules: ['FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13'],
    expected: ['1997: 9/13; 10/11; 11/8; 12/13', '1998: 1/10; 2/7; 3/7; 4/11; 5/9; 6/13'],
    isForever: true,
  },
  {
    name: 'Every 4 years, the first Tuesday after a Monday in November, forever (U.S. Presidential Election day)',
    start: '19961105T090000',
    rules: ['FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;\r\n BYMONTHDAY=2,3,4,5,6,7,8'],
    expected: ['1996: 11/5', '2000: 11/7', '2004: 11/2'],
    isForever: true,
  },
  {
    name: 'The third instance into the month of one of Tuesday, Wednesday, or Thursday, for the next 3 months',
    start: '19970904T090000',
    rules: ['FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3'],
    expected: ['1997: 9/4; 10/7; 11/6'],
  },
  {
    name: 'The second-to-last weekday of the month',
    start: '19970929T090000',
    rules: ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2'],
    expected: ['1997: 9/29; 10/30; 11/27; 12/30', '1998: 1/29; 2/26; 3/30'],
    isForever: true,
  },
  {
    name: 'Every 3 hours from 9:00 AM to 5:00 PM on a specific day',
    start: '19970902T090000',
    // The RFC prints 17:00Z and means 5 PM in New York, which is 21:00Z.
    rules: ['FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z'],
    expected: ['1997-09-02: 9:00,12:00,15:00'],
  },
  {
    name: 'Every 15 minutes for 6 occurrences',
    start: '19970902T090000',
    rules: ['FREQ=MINUTELY;INTERVAL=15;COUNT=6'],
    expected: ['1997-09-02: 9:00,9:15,9:30,9:45,10:00,10:15'],
  },
  {
    name: 'Every hour and a half for 4 occurrences',
    start: '19970902T090000',
    rules: ['FREQ=MINUTELY;INTERVAL=90;COUNT=4'],
    expected: ['1997-09-02: 9:00,10:30,12:00,13:30'],
  },
  {
    name: 'Every 20 minutes from 9:00 AM to 4:40 PM every day',
    start: '19970902T090000',
    rules: ['FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40', 'FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16'],
    expected: [`1997-09-02: ${twentyMinutes}`, `1997-09-03: ${twentyMinutes}`],
    isForever: true,
  },
  {
    name: 'An example where the days generated makes a difference because of WKST',
    start: '19970805T090000',
    rules: ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO'],
    expected: ['1997: 8/5,10,19,24'],
  },
  {
    name: '... changing only WKST from MO to SU, yields different results',
    start: '19970805T090000',
    rules: ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU'],
    expected: ['1997: 8/5,17,19,31'],
  },
  {
    name: 'An example where an invalid date (i.e., February 30) is ignored',
    start: '20070115T090000',
    rules: ['FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5'],
    expected: ['2007: 1/15,30; 2/15; 3/15,30'],
  },
]

function expectedInstants(lines: readonly string[]): number[] {
  const locals = lines.flatMap((line) => {
    const [head = '', body = ''] = line.split(': ')
    if (head.length > 4) return body.split(',').map((time) => `${head}T${time.padStart(5, '0')}`)
    return body.split('; ').flatMap((month) => {
      const [number = '', days = ''] = month.split('/')
      return days.split(',').flatMap((day) => expandDays(day).map((one) => `${head}-${two(number)}-${two(one)}T09:00`))
    })
  })
  return locals.map((local) => Temporal.PlainDateTime.from(local).toZonedDateTime('America/New_York').epochMilliseconds)
}

function expandDays(text: string): string[] {
  const [from = 0, to = from] = text.split('-').map(Number)
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index))
}

const two = (text: string): string => text.padStart(2, '0')

describe('the examples of RFC 5545 3.8.5.3', () => {
  test('are complete', () => {
    expect(examples).toHaveLength(39)
  })

  for (const { name, start, rules, exceptions, expected, isForever = false } of examples) {
    test.each(rules)(`${name}: %s`, (rule) => {
      const lines = [`DTSTART;TZID=America/New_York:${start}`, ...(exceptions ? [exceptions] : []), `RRULE:${rule}`]
      // The schedule's zone differs, so that only the zone of the rule can produce the expected instants.
      const compiled = compileSchedule({ zone: 'Asia/Tokyo', include: [{ kind: 'rrule', rrule: lines.join('\r\n') }] })
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
      const instants = expectedInstants(expected)
      const limit = isForever ? instants.length : instants.length + 1
      const { occurrences } = occurrencesBetween(compiled.value, Date.UTC(1990, 0, 1), Date.UTC(2040, 0, 1), limit)
      expect(occurrences.map(({ nominalMs }) => nominalMs)).toEqual(instants)
    })
  }
})
