import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('parseDuration', () => {
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
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each([
    '',
    ' 30m',
    '30 m',
    '-5m',
    '30M',
    'm',
    '5',
    '5.',
    '1m1h',
    '1h1h',
    'P',
    'PT',
    'P1Y',
    'P1M',
    'PT1X',
    '1e3s',
    '0.0001s',
    '99999999999d',
    '1mo',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(TypeError)
  })

  test('says what a bare number lacks', () => {
    expect(() => parseDuration(30, 'timeout')).toThrow("timeout 30 has no unit; write '30s' or '30m', for example")
    expect(() => parseDuration('30')).toThrow(/has no unit/)
  })

  test('reads back every duration that formatDuration writes', () => {
    fc.assert(fc.property(fc.nat(1e13), (ms) => parseDuration(formatDuration(ms)) === ms))
  })

  test('gives whole milliseconds or a TypeError for any text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^P?T?(?:\d{1,3}(?:\.\d)?[wdhmsWDHMS]?s?){0,4}$/))
    fc.assert(
      fc.property(text, (input) => {
        try {
          const ms = parseDuration(input)
          return Number.isInteger(ms) && ms >= 0
        } catch (error) {
          return error instanceof TypeError
        }
      }),
      { numRuns: 3000 },
    )
  })
})
