/** Cron expressions, their refusals and clock changes, and croner as the oracle for random expressions. */
import { Cron } from 'croner'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compiled, listLocal } from '../testing.fixture.ts'
import { parseCron } from './parse-cron.ts'

const list = (cron: string, from: string, count: number, zone = 'UTC', dst = {}) =>
  listLocal({ zone, include: [{ kind: 'cron', cron }], dst }, from, count).map((line) => line.slice(0, zone === 'UTC' ? 16 : undefined))

describe('cron expressions', () => {
  test.each<readonly [string, readonly string[]]>([
    // 0, 7 and SUN mean Sunday; 1 means Monday.
    ['0 0 * * 0', ['2026-01-04T00:00', '2026-01-11T00:00']],
    ['0 0 * * 7', ['2026-01-04T00:00', '2026-01-11T00:00']],
    ['0 0 * * sun', ['2026-01-04T00:00', '2026-01-11T00:00']],
    ['0 0 * * 1', ['2026-01-05T00:00', '2026-01-12T00:00']],
    ['0 9 * * MON-FRI', ['2026-01-01T09:00', '2026-01-02T09:00', '2026-01-05T09:00']],
    ['0 9 * * FRI-SUN', ['2026-01-02T09:00', '2026-01-03T09:00', '2026-01-04T09:00', '2026-01-09T09:00']],
    ['0 9 * * 5-7', ['2026-01-02T09:00', '2026-01-03T09:00', '2026-01-04T09:00', '2026-01-09T09:00']],
    ['0 0 1 JAN,jul *', ['2026-01-01T00:00', '2026-07-01T00:00', '2027-01-01T00:00']],
    // Both day fields are restricted: a day must match only one of them.
    ['0 0 13 * FRI', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00', '2026-01-16T00:00']],
    // One day field starts with a star: a day must match both, as in Vixie cron.
    ['0 0 */2 * MON', ['2026-01-05T00:00', '2026-01-19T00:00', '2026-02-09T00:00']],
    ['0 0 13 * ?', ['2026-01-13T00:00', '2026-02-13T00:00']],
    ['*/20 * * * *', ['2026-01-01T00:00', '2026-01-01T00:20', '2026-01-01T00:40', '2026-01-01T01:00']],
    ['5/20 * * * *', ['2026-01-01T00:05', '2026-01-01T00:25', '2026-01-01T00:45', '2026-01-01T01:05']],
    ['10-40/15 6 * * *', ['2026-01-01T06:10', '2026-01-01T06:25', '2026-01-01T06:40', '2026-01-02T06:10']],
    ['30 0 0 1 1 *', ['2026-01-01T00:00', '2027-01-01T00:00']],
    ['0 12 L * *', ['2026-01-31T12:00', '2026-02-28T12:00', '2026-03-31T12:00']],
    ['0 12 L-2 * *', ['2026-01-29T12:00', '2026-02-26T12:00']],
    ['0 12 L 2 *', ['2026-02-28T12:00', '2027-02-28T12:00', '2028-02-29T12:00']],
    // 15 August 2026 is a Saturday, 15 November a Sunday; 1 August is a Saturday whose nearest weekday must be in the same month.
    ['0 12 15W 8,11 *', ['2026-08-14T12:00', '2026-11-16T12:00']],
    ['0 12 1W 8 *', ['2026-08-03T12:00']],
    ['0 12 31W 5,1 *', ['2026-01-30T12:00', '2026-05-29T12:00']],
    ['0 12 LW * *', ['2026-01-30T12:00', '2026-02-27T12:00', '2026-03-31T12:00']],
    ['0 12 * * 5L', ['2026-01-30T12:00', '2026-02-27T12:00']],
    ['0 12 * * FRI#L', ['2026-01-30T12:00', '2026-02-27T12:00']],
    ['0 12 * * 5#2', ['2026-01-09T12:00', '2026-02-13T12:00']],
    ['0 12 * * MON#5', ['2026-03-30T12:00', '2026-06-29T12:00']],
    ['0 12 1,L * *', ['2026-01-01T12:00', '2026-01-31T12:00', '2026-02-01T12:00']],
    ['@weekly', ['2026-01-04T00:00', '2026-01-11T00:00']],
    ['@hourly', ['2026-01-01T00:00', '2026-01-01T01:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['0 0 30 2 *', []],
    ['0 0 31 2,4,6,9,11 *', []],
  ])('occurs as expected: %s', (cron, expected) => {
    expect(list(cron, '2026-01-01T00:00:00Z', Math.max(1, expected.length))).toEqual(expected)
  })

  test.each<readonly [string, number, string]>([
    ['', 0, 'this one has 0'],
    ['* * * *', 7, 'this one has 4'],
    ['* * * * * * *', 12, 'this one has more'],
    ['invalid cron expression', 23, 'this one has 3'],
    ['60 * * * *', 0, 'minute must be from 0 to 59'],
    ['* 24 * * *', 2, 'hour must be from 0 to 23'],
    ['* * 0 * *', 4, 'day of month must be from 1 to 31'],
    ['* * 32 * *', 4, 'day of month'],
    ['* * * 13 *', 6, 'month must be from 1 to 12'],
    ['* * * * 8', 8, 'day of week must be from 0 to 7'],
    ['* * * FEBRUARY *', 6, 'a name such as FEB'],
    ['* * * * MONDAY', 8, 'a name such as MON'],
    ['*/0 * * * *', 2, 'step'],
    ['*/61 * * * *', 2, 'step'],
    ['1/2/3 * * * *', 0, 'more than one step'],
    ['1-2-3 * * * *', 0, 'not a range'],
    ['* 22-4 * * *', 2, 'write 22-23,0-4'],
    ['1,,2 * * * *', 2, 'empty entry'],
    ['1,2, * * * *', 4, 'empty entry'],
    ['-5 * * * *', 0, 'minute field'],
    ['1.5 * * * *', 0, 'minute field'],
    ['* * L-31 * *', 4, 'L-30'],
    ['* * 32W * *', 4, 'day of month'],
    ['* * * * L', 8, 'write 5L'],
    ['* * * * 5#6', 10, 'from 1 to 5'],
    ['* * * L *', 6, 'month field'],
    ['? * * * *', 0, 'minute field'],
    ['@reboot', 0, 'there is no macro'],
  ])('refuses %j', (cron, position, message) => {
    const parsed = parseCron(cron)
    expect(parsed.ok).toBe(false)
    if (parsed.ok) return
    expect(parsed.problem.message).toContain(message)
    expect(parsed.problem.position).toBe(position)
  })
})

describe('when the clocks change', () => {
  const newYork = 'America/New_York'

  test('an expression with specific hours follows the policy', () => {
    expect(list('30 2 * * *', '2026-03-08T05:00:00Z', 1, newYork)).toEqual(['2026-03-08T03:30:00-04:00'])
    expect(list('30 2 * * *', '2026-03-08T05:00:00Z', 1, newYork, { gap: 'first-valid' })).toEqual(['2026-03-08T03:00:00-04:00'])
    expect(list('30 2 * * *', '2026-03-08T05:00:00Z', 1, newYork, { gap: 'skip' })).toEqual(['2026-03-09T02:30:00-04:00'])
    expect(list('30 1 * * *', '2026-11-01T00:00:00-04:00', 2, newYork)[1]).toBe('2026-11-02T01:30:00-05:00')
    expect(list('30 1 * * *', '2026-11-01T00:00:00-04:00', 2, newYork, { overlap: 'both' })[1]).toBe('2026-11-01T01:30:00-05:00')
  })

  test('an expression for every hour runs in both repeated hours and not in a skipped one', () => {
    expect(list('30 * * * *', '2026-11-01T00:00:00-04:00', 4, newYork)).toEqual([
      '2026-11-01T00:30:00-04:00',
      '2026-11-01T01:30:00-04:00',
      '2026-11-01T01:30:00-05:00',
      '2026-11-01T02:30:00-05:00',
    ])
    expect(list('30 * * * *', '2026-03-08T00:00:00-05:00', 3, newYork)).toEqual([
      '2026-03-08T00:30:00-05:00',
      '2026-03-08T01:30:00-05:00',
      '2026-03-08T03:30:00-04:00',
    ])
  })
})

describe('compared with croner', () => {
  const entry = (min: number, max: number) =>
    fc.oneof(
      fc.integer({ min, max }).map(String),
      fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.integer({ min: 2, max: Math.min(max, 30) }).map((step) => `*/${step}`),
    )
  const field = (min: number, max: number) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant('*') },
      { weight: 2, arbitrary: fc.array(entry(min, max), { minLength: 1, maxLength: 3 }).map((entries) => entries.join(',')) },
    )
  // Croner treats `*/2` in a day field as restricted and accepts letters in no list; without those the two agree.
  const days = (min: number, max: number, special: readonly string[]) =>
    fc.oneof(
      fc.constant('*'),
      fc.constantFrom(...special),
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map(String),
    )
  const expression = fc
    .tuple(field(0, 59), field(0, 23), days(1, 31, ['L', '15W', 'LW']), field(1, 12), days(0, 7, ['5L', '1#2', 'WED']))
    .map((fields) => fields.join(' '))

  test('the next five times are those of croner', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(expression, fc.integer({ min: 1_700_000_000, max: 1_800_000_000 }), (cron, second) => {
        const ours = compiled({ zone: 'UTC', include: [{ kind: 'cron', cron }] })
        const expected = new Cron(cron, { timezone: 'UTC' }).nextRuns(5, new Date(second * 1000)).map((date) => date.getTime())
        const found: number[] = []
        for (
          let next = ours.instants.next(second * 1000);
          typeof next === 'number' && found.length < expected.length;
          next = ours.instants.next(next)
        ) {
          found.push(next)
        }
        expect(found).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})
