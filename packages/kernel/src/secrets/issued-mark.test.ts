import { expect, test } from 'vitest'
import { isIssued, markIssued } from './issued-mark.ts'
import { makeSecretKey, readSecretKeys } from './secret-keys.ts'

const [first, second] = [makeSecretKey(), makeSecretKey()]

test('knows the secrets that were issued with one of its keys, and no others', () => {
  const keys = readSecretKeys(first)
  const secret = markIssued(keys, 'orr_abcdefgh_x')
  expect(secret).toMatch(/^orr_abcdefgh_x[A-Za-z0-9_-]{8}$/)
  expect(isIssued(keys, secret)).toBe(true)
  for (const other of [
    '',
    'x',
    'orr_abcdefgh_x',
    `${secret}x`,
    secret.slice(1),
    secret.slice(0, -1),
    secret.replace('_x', '_y'),
    'é'.repeat(20),
  ])
    expect(isIssued(keys, other), other).toBe(false)
  expect(isIssued(readSecretKeys(second), secret)).toBe(false)
  expect(isIssued(readSecretKeys(second + first), secret)).toBe(true)
})
