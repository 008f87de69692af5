import { randomUUID } from 'node:crypto'
import { encodeId } from '@orrery/contract'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { TokenClaims } from '../context/identity.ts'
import { makeSigningKey, readTokenKeys } from '../secrets/signing-keys.ts'
import { readToken, readTokenUse, signToken } from './token.ts'

const keys = readTokenKeys(makeSigningKey())
const now = Date.parse('2026-03-01T12:00:00.000Z')
const life = { issuedAt: now, expiresAt: now + 60_000 }
const holder = encodeId('key', randomUUID())
const claims: TokenClaims = {
  use: 'access',
  org: randomUUID(),
  holder,
  family: randomUUID(),
  generation: 3,
  contract: null,
  scopes: null,
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const partsOf = (token: string) => token.split('.') as [string, string, string]

describe('readToken', () => {
  it('returns the claims that were signed, until the token expires', async () => {
    for (const use of ['access', 'refresh'] as const) {
      for (const contract of [null, 'ordinaut']) {
        const token = await signToken(keys, { ...claims, use, contract }, life)
        expect(readTokenUse(keys, token)).toBe(use)
        expect(await readToken(keys, token, now)).toEqual({ ...claims, use, contract, ...life })
        expect(await readToken(keys, token, life.expiresAt - 1000)).not.toBeNull()
        expect(await readToken(keys, token, life.expiresAt)).toBeNull()
      }
    }
  })

  it('rejects a token with one character changed', async () => {
    const token = await signToken(keys, claims, life)
    const [header, payload, signature] = partsOf(token)
    const forged = encode({ ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), exp: 9_999_999_999 })
    expect(await readToken(keys, `${header}.${forged}.${signature}`, now)).toBeNull()
    for (let at = 0; at < token.length; at += 7) {
      const letter = token[at] === 'A' ? 'B' : 'A'
      expect(await readToken(keys, `${token.slice(0, at)}${letter}${token.slice(at + 1)}`, now), `character ${at}`).toBeNull()
    }
    // Of the last character, decoders ignore four bits.
    const last = String.fromCharCode((token.at(-1) ?? '').charCodeAt(0) + 1)
    expect(await readToken(keys, token.slice(0, -1) + last, now)).toBeNull()
  })

  it('rejects a token without a signature, with another algorithm, or signed with the public key as a shared secret', async () => {
    const [, payload, signature] = partsOf(await signToken(keys, claims, life))
    for (const alg of ['none', 'None', 'HS256', 'RS256', 'ES256', '', undefined]) {
      const header = encode({ alg, typ: 'at+jwt', kid: keys.id })
      for (const end of ['', signature]) expect(await readToken(keys, `${header}.${payload}.${end}`, now)).toBeNull()
    }
    const secret = new TextEncoder().encode(keys.verifier.export({ type: 'spki', format: 'pem' }).toString())
    const symmetric = await new SignJWT({}).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: keys.id }).sign(secret)
    expect(await readToken(keys, symmetric, now)).toBeNull()
  })

  it('rejects a token of another installation, even if it claims the id of this key', async () => {
    const others = readTokenKeys(makeSigningKey())
    expect(await readToken(keys, await signToken(others, claims, life), now)).toBeNull()
    expect(await readToken(keys, await signToken({ ...others, id: keys.id }, claims, life), now)).toBeNull()
  })

  it('rejects a refresh token whose header claims that it is an access token', async () => {
    const [, payload, signature] = partsOf(await signToken(keys, { ...claims, use: 'refresh' }, life))
    const header = encode({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.id })
    expect(await readToken(keys, `${header}.${payload}.${signature}`, now)).toBeNull()
  })

  it('rejects a token with a valid signature and other claims or another type', async () => {
    const sign = (payload: Record<string, unknown>, typ = 'at+jwt') =>
      new SignJWT({ iss: 'orrery', aud: 'orrery', iat: now / 1000, exp: now / 1000 + 60, ...payload })
        .setProtectedHeader({ alg: 'EdDSA', typ, kid: keys.id })
        .sign(keys.signer)
    const [, payload] = partsOf(await signToken(keys, claims, life))
    const whole = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    expect(await readToken(keys, await sign(whole), now)).not.toBeNull()
    const wrong = [
      { iss: 'another' },
      { aud: undefined },
      { aud: 'another' },
      { aud: ['another'] },
      { iat: now / 1000 + 61 },
      { iat: undefined },
      { exp: undefined },
      { sub: undefined },
      { sub: 'key_1' },
      { org: 7 },
      { sid: "' or true --" },
      { gen: '3' },
    ]
    for (const change of wrong) expect(await readToken(keys, await sign({ ...whole, ...change }), now), JSON.stringify(change)).toBeNull()
    expect(await readToken(keys, await sign(whole, 'JWT'), now)).toBeNull()
  })

  it('is meant for the API of the installation, and accepts the clock of another server that is a little ahead', async () => {
    const [, payload] = partsOf(await signToken(keys, claims, life))
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ aud: 'orrery', iss: 'orrery' })
    const ahead = await signToken(keys, claims, { issuedAt: now + 60_000, expiresAt: now + 120_000 })
    expect(await readToken(keys, ahead, now)).toMatchObject({ use: 'access' })
  })

  it('returns null for a text that is not a token', async () => {
    const token = await signToken(keys, claims, life)
    const texts = ['', '.', '..', 'a.b.c', 'e30.e30.e30', `${token} `, `${token}.x`, 'x'.repeat(100_000), 'bnVsbA.bnVsbA.bnVsbA', 'orr_a']
    for (const text of texts) expect([readTokenUse(keys, text), await readToken(keys, text, now)], text.slice(0, 40)).toEqual([null, null])
  })
})
