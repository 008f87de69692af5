import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockMs, formatDuration, parseDuration, parseDurationMs } from './duration.ts'

describe('parseDuration', () => {
  test('keeps days separate from hours, because business calendars treat them differently', () => {
    expect(parseDuration('P1D')).toEqual({ ok: true, value: { weeks: 0, days: 1, timeMs: 0 } })
    expect(parseDuration('PT24H')).toEqual({ ok: true, value: { weeks: 0, days: 0, timeMs: 86_400_000 } })
    expect(parseDuration('1d2h')).toEqual({ ok: true, value: { weeks: 0, days: 1, timeMs: 7_200_000 } })
    expect(parseDuration('P2W')).toEqual({ ok: true, value: { weeks: 2, days: 0, timeMs: 0 } })
  })

  test('returns whole milliseconds for fractions of a day', () => {
    for (let thousandth = 1; thousandth < 3_000; thousandth++) {
      const parsed = parseDuration(`${thousandth / 1_000}d`)
      expect(parsed.ok && clockMs(parsed.value)).toBe(thousandth * 86_400)
    }
  })

  test.each<readonly [string, number, string]>([
    ['', 0, 'empty'],
    ['30', 2, 'no unit'],
    ['P', 1, 'after the P'],
    ['PT', 2, 'after the T'],
    ['P1DT', 4, 'after the T'],
    ['P1M', 2, 'no fixed length'],
    ['P1Y', 2, 'no fixed length'],
    ['1y', 1, 'no fixed length'],
    ['30M', 2, 'no fixed length'],
    ['1h1h', 3, 'twice'],
    ['1m1h', 3, 'smaller unit'],
    ['5 m', 0, 'not a duration'],
    ['-5m', 0, 'not a duration'],
    ['1h x', 2, 'not a duration'],
    ['PT1D', 3, 'not a unit here; the units are H, M, S'],
    ['0.0001s', 0, 'whole number of milliseconds'],
    ['99999999999d', 0, '3,000 years'],
  ])('refuses %j', (text, position, message) => {
    const parsed = parseDuration(text)
    expect(parsed.ok).toBe(false)
    if (parsed.ok) return
    expect(parsed.problem.message).toContain(message)
    expect(parsed.problem.position).toBe(position)
  })
})

describe('parseDurationMs', () => {
  test.each([
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['0s', 0],
    ['2w', 1_209_600_000],
    ['1d12h', 129_600_000],
    ['PT30M', 1_800_000],
    ['P1DT12H', 129_600_000],
    ['P2W', 1_209_600_000],
    ['PT0.5S', 500],
  ])('parses %s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
  })

  test('names the option in the error', () => {
    expect(() => parseDurationMs(30, 'timeout')).toThrow('timeout: "30" has no unit; write 30s or 30m, for example')
    expect(() => parseDurationMs('1mo', 'timeout')).toThrow(TypeError)
    expect(() => parseDurationMs(null, 'timeout')).toThrow("timeout must be a string like '30m' or 'PT30M', got object")
  })

  test('parses every text that formatDuration returns', () => {
    fc.assert(fc.property(fc.nat(1e13), (ms) => parseDurationMs(formatDuration(ms)) === ms))
  })

  test('returns whole milliseconds or throws a TypeError for any text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^P?T?(?:\d{1,3}(?:\.\d)?[wdhmsWDHMS]?s?){0,4}$/))
    fc.assert(
      fc.property(text, (input) => {
        try {
          const ms = parseDurationMs(input)
          return Number.isInteger(ms) && ms >= 0
        } catch (error) {
          return error instanceof TypeError
        }
      }),
      { numRuns: 3000 },
    )
  })
})
