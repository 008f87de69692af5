import { expect, test, vi } from 'vitest'
import { prettyLine } from './pretty-line.ts'

const line = (fields: object) => prettyLine(JSON.stringify({ level: 'info', time: '2026-11-05T09:30:00.000Z', msg: 'request', ...fields }))

test('shows the time, level, message and fields of a line', () => {
  expect(line({ path: '/a', n: [1] })).toMatch(/^09:30:00 .*info .* request .*path=.*\/a.*n=.*\[1\]\n$/)
})

test('uses no colours when NO_COLOR is set', () => {
  vi.stubEnv('NO_COLOR', '1')
  expect(line({ path: '/a' })).toBe('09:30:00 info  request path=/a\n')
  vi.unstubAllEnvs()
})

test('escapes control characters and line breaks in values that a caller sent', () => {
  const evil = '/a\n09:30:00 info all is well\u001b[2J\u009b2J\r\u2028\u202e\u2066'
  const error = { stack: 'Error: \u001b[2J\n    at here' }
  const shown = line({ path: evil, [evil]: evil, msg: evil, error })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: only our own colours.
  const bare = shown.replaceAll(/\u001b\[\d+m/g, '')
  expect(bare).not.toMatch(/[^\P{Cc}\n]|[\u2028\u202e\u2066]/u)
  expect(bare.trimEnd().split('\n')).toHaveLength(3)
  expect(bare).toContain('\\u001b[2J')
})
