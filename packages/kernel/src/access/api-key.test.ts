import { describe, expect, it } from 'vitest'
import { makeSecretKey, readSecretKeys } from '../secrets/secret-keys.ts'
import { hashSecret, isApiKey, makeApiKey } from './api-key.ts'

const secretKeys = readSecretKeys(makeSecretKey())

describe('API keys', () => {
  it('makes a key with 256 random bits, a visible prefix and a hash', () => {
    const keys = Array.from({ length: 200 }, () => makeApiKey(secretKeys))
    expect(new Set(keys.map(({ secret }) => secret)).size).toBe(200)
    for (const { secret, prefix, hash } of keys) {
      expect(isApiKey(secret)).toBe(true)
      expect(secret.startsWith(`${prefix}_`)).toBe(true)
      expect(Buffer.from(secret.slice(14, 57), 'base64url')).toHaveLength(32)
      expect(hashSecret(secret)).toEqual(hash)
    }
  })

  it('recognizes a key by its exact form', () => {
    for (const text of ['', 'orr_', 'Bearer x', `orr_abcdefgh_${'a'.repeat(42)}`, `${makeApiKey(secretKeys).secret} `])
      expect(isApiKey(text)).toBe(false)
  })
})
