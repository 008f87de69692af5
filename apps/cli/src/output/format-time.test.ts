import { expect, test } from 'vitest'
import { formatElapsed, formatLocal, formatWhen } from './format-time.ts'

const now = Date.parse('2026-11-05T12:00:00.000Z')
const at = (ms: number) => new Date(now + ms).toISOString()

test('formats elapsed time in at most two units', () => {
  expect([340, 59_999, 61_000, 3_720_000].map(formatElapsed)).toEqual(['340ms', '59s', '1m01s', '1h02m'])
})

test('formats a time by its distance, and from two days on by its date in the zone of this machine', () => {
  expect([-500, -5_000, -90_000, 7_200_000, 30 * 3_600_000].map((ms) => formatWhen(at(ms), now))).toEqual([
    'now',
    '5s ago',
    '1m ago',
    'in 2h',
    'in 30h',
  ])
  const before = at(-3 * 86_400_000)
  expect(formatWhen(before, now)).toBe(formatLocal(before).slice(0, 16))
  const { TZ } = process.env
  process.env.TZ = 'America/New_York'
  try {
    expect(formatLocal('2026-11-05T12:00:00.000Z')).toBe('2026-11-05 07:00:00')
  } finally {
    if (TZ === undefined) delete process.env.TZ
    else process.env.TZ = TZ
  }
})
