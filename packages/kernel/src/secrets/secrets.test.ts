/** Sealing and opening secrets, and the file of secret keys: what was sealed opens only unchanged, at its place and with its key. */
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { needsRotation, openSecret, type SecretPlace, sealSecret } from './seal-secret.ts'
import { SecretError } from './secret-error.ts'
import { makeSecretKey, readSecretKeys } from './secret-keys.ts'
import { makeSigningKey } from './signing-keys.ts'

const place: SecretPlace = { org: 'org_1', row: 'connection/con_1', field: 'token' }
const secret = 'sk-live-Größe-🔑-hunter2'
const keys = readSecretKeys(makeSecretKey())

function failure(act: () => unknown): SecretError {
  try {
    act()
  } catch (error) {
    if (error instanceof SecretError) return error
    throw error
  }
  throw new Error('It did not fail')
}

test('a sealed secret opens at its place, and its text does not contain the plain text', () => {
  for (const text of [secret, '', 'x'.repeat(65_536), '\u0000']) {
    const sealed = sealSecret(keys, place, text)
    expect(sealed).toMatch(/^v1\.[0-9a-f]{16}\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/)
    expect(openSecret(keys, place, sealed)).toBe(text)
    if (text.length > 1) expect(sealed).not.toContain(Buffer.from(text).toString('base64url'))
  }
})

test('the same secret is sealed with another nonce each time', () => {
  const nonces = new Set(Array.from({ length: 1_000 }, () => sealSecret(keys, place, secret).split('.')[2]))
  expect(nonces.size).toBe(1_000)
})

test('detects every flipped bit: 1,000 bits over the whole text, and each bit of nonce, ciphertext and tag', () => {
  const sealed = sealSecret(keys, place, secret.repeat(4))
  // The stride and the number of bits have no common divisor, so the 1,000 bits are all different and spread over the whole text.
  const bits = sealed.length * 8
  const flips = new Set(Array.from({ length: 1_000 }, (_, n) => (n * 7_919) % bits))
  expect(flips.size).toBe(1_000)
  const changed = [...flips].map((bit) => flip(Buffer.from(sealed), bit).toString('latin1'))
  const parts = sealed.split('.')
  for (const n of [2, 3, 4]) {
    const bytes = Buffer.from(parts[n] ?? '', 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) changed.push(parts.with(n, flip(bytes, bit).toString('base64url')).join('.'))
  }
  expect(changed.length).toBeGreaterThan(1_400)
  for (const text of changed) {
    const error = failure(() => openSecret(keys, place, text))
    expect(['damaged', 'unknown-key']).toContain(error.reason)
  }
})

test('rejects sealed texts that were cut, lengthened, padded or rearranged', () => {
  const sealed = sealSecret(keys, place, secret)
  const [version, id, nonce, text, tag] = sealed.split('.')
  const wrong = [
    '',
    sealed.slice(0, -1),
    `${sealed}A`,
    `${sealed}=`,
    ` ${sealed}`,
    `${sealed}\n`,
    sealed.replace('v1', 'v2'),
    [version, id, nonce, tag, text].join('.'),
    [version, id, nonce, text?.slice(4), tag].join('.'),
    [version, id, nonce, '', tag].join('.'),
    [version, id, nonce, text, tag?.slice(0, 6)].join('.'),
  ]
  for (const one of wrong) expect(failure(() => openSecret(keys, place, one)).reason).toBe('damaged')
})

test('does not open a secret that was moved to another organization, row or field', () => {
  const sealed = sealSecret(keys, place, secret)
  const elsewhere: SecretPlace[] = [
    { ...place, org: 'org_2' },
    { ...place, row: 'connection/con_2' },
    { ...place, field: 'password' },
    { org: 'org_', row: '1connection/con_1', field: 'token' },
    { org: 'org_1', row: 'connection/con_', field: '1token' },
    { org: 'org_1', row: 'connection/con_1","token', field: '' },
    { ...place, org: '' },
  ]
  for (const other of elsewhere) expect(failure(() => openSecret(keys, other, sealed)).reason).toBe('damaged')
})

test('seals with the new key and opens with the old one; after the old key is removed, the error names its id', () => {
  const old = makeSecretKey()
  const before = readSecretKeys(old)
  const sealed = sealSecret(before, place, secret)
  expect(needsRotation(before, sealed)).toBe(false)

  const both = readSecretKeys(`# new key first\n${makeSecretKey()}\r\n${old}`)
  expect(needsRotation(both, sealed)).toBe(true)
  expect(openSecret(both, place, sealed)).toBe(secret)
  const again = sealSecret(both, place, openSecret(both, place, sealed))
  expect(needsRotation(both, again)).toBe(false)
  expect(again).toContain(both.activeId)

  const error = failure(() => openSecret(readSecretKeys(makeSecretKey()), place, sealed))
  expect(error.reason).toBe('unknown-key')
  expect(error.message).toContain(before.activeId)
})

test('does not open a secret with a different key that has the same id', () => {
  const sealed = sealSecret(keys, place, secret)
  const other = readSecretKeys(makeSecretKey())
  const [key] = other.known.values()
  if (!key) throw new Error('The file has no key')
  const mislabelled = { activeId: keys.activeId, known: new Map([[keys.activeId, key]]) }
  expect(failure(() => openSecret(mislabelled, place, sealed)).reason).toBe('damaged')
})

test('rejects an invalid key file with the reason and without its content', () => {
  const good = makeSecretKey().trim()
  const key = good.split(' ').at(-1) ?? ''
  const cases: [string, RegExp][] = [
    ['', /holds no key/],
    ['# nothing\n\n', /holds no key/],
    [makeSigningKey(), /PEM file \(the audit key/],
    [key, /line 1 is not "orrery-secret-key v1/],
    [`${good}\n${good}`, /line 2 repeats the key [0-9a-f]{16}/],
    [good.slice(0, -1), /line 1 is not/],
    [good.replace(key, key.startsWith('A') ? `B${key.slice(1)}` : `A${key.slice(1)}`), /the key in line 1 does not match its id/],
    [good.replace(' v1 ', ' v2 '), /line 1/],
    ['{"key":"hunter2"}', /line 1/],
  ]
  for (const [text, message] of cases) {
    const error = failure(() => readSecretKeys(text))
    expect(error.reason).toBe('keys')
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain(key.slice(1))
    expect(error.message).not.toContain('hunter2')
  }
})

test('printed keys and errors contain neither keys nor secrets', () => {
  const text = makeSecretKey()
  const printedKeys = readSecretKeys(text)
  const key = Buffer.from(text.trim().split(' ').at(-1) ?? '', 'base64url')
  const sealed = sealSecret(printedKeys, place, secret)
  const errors = [
    failure(() => openSecret(printedKeys, { ...place, row: 'x' }, sealed)),
    failure(() => sealSecret(printedKeys, place, `${secret}\ud800`)),
    failure(() => sealSecret(printedKeys, place, secret.repeat(10_000))),
    failure(() => needsRotation(printedKeys, secret)),
  ]
  const printed = [
    inspect(printedKeys, { depth: 9, showHidden: true }),
    JSON.stringify([...printedKeys.known]),
    ...errors.map((one) => inspect(one, { depth: 9 })),
  ].join('\n')
  for (const hidden of [key.toString('hex'), key.toString('base64url'), key.toString('base64'), secret, 'hunter2'])
    expect(printed).not.toContain(hidden)
})

function flip(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  const at = bit >> 3
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7))
  return copy
}
