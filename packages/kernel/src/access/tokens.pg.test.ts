/**
 * Tokens from issue to expiry, over a core on a database of its own. Other processes and other installations are modelled by further
 * authenticators and signing keys; time passes by changing the clock that they read.
 */
import { encodeId } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import type { Authenticator } from '../context/kernel.ts'
import { makeSigningKey, readTokenKeys, type TokenKeys } from '../secrets/signing-keys.ts'
import { AUTHENTICATED_FOR_MS, createAuthenticator } from './authenticate.ts'
import { forgetTokenFamilies } from './forget-token-families.ts'
import { selectKeys } from './key-store.ts'
import { ACCESS_MS, REFRESH_MS } from './make-tokens.ts'
import { signToken } from './token.ts'
import { selectFamily } from './token-family-store.ts'

const tokens = readTokenKeys(makeSigningKey())
let t: TestCore

beforeAll(async () => {
  t = await startTestCore({ work: false, tokens })
})
afterAll(() => t?.close())

interface Fresh {
  readonly accessToken: string
  readonly refreshToken: string
  readonly accessExpiresAt: string
  readonly refreshExpiresAt: string
}

const makeKey = async (name: string, more = {}) => {
  const made = await t.call('keys.create', { name, scopes: ['runs:read'], ...more })
  return { id: made.id, key: made.secret ?? '' }
}
const issue = async (key: string, input = {}) => (await t.answer('tokens.issue', input, { key })).output as Fresh
const refresh = async (key: string) => (await t.answer('tokens.refresh', {}, { key })).output as Fresh
const UNAUTHENTICATED = { code: 'unauthenticated' }
const works = (key: string) => expect(t.call('runs.list', {}, { key })).resolves.toMatchObject({ items: [] })
const fails = (key: string) => expect(t.call('runs.list', {}, { key })).rejects.toMatchObject(UNAUTHENTICATED)

describe('tokens.issue', () => {
  it('returns an access token with the scopes of its key, valid for 15 minutes', async () => {
    const { key } = await makeKey('agent')
    const { accessToken, accessExpiresAt, refreshExpiresAt } = await issue(key)
    await works(accessToken)
    await expect(t.call('runs.start', { workflow: 'x' }, { key: accessToken })).rejects.toMatchObject({ code: 'forbidden' })
    const now = t.engine.now()
    expect(Math.abs(Date.parse(accessExpiresAt) - now - ACCESS_MS)).toBeLessThan(60_000)
    expect(Math.abs(Date.parse(refreshExpiresAt) - now - REFRESH_MS)).toBeLessThan(60_000)
  })

  it('accepts the name or the id of its own key as `agent`, and answers every other one like a wrong key', async () => {
    const { id, key } = await makeKey('briefer')
    await issue(key, { agent: 'briefer' })
    await issue(key, { agent: id })
    const other = await makeKey('other')
    const wrong = [
      t.answer('tokens.issue', { agent: 'other' }, { key }),
      t.answer('tokens.issue', { agent: other.id }, { key }),
      t.answer('tokens.issue', { agent: 'briefer' }, { key: `orr_abcdefgh_${'A'.repeat(43)}` }),
      t.answer('tokens.issue', { agent: 'briefer' }, { key: 'password' }),
    ]
    const answers = (await Promise.allSettled(wrong)).map((one) => (one.status === 'rejected' ? String(one.reason) : 'issued'))
    expect(new Set(answers)).toEqual(new Set([answers[0]]))
    expect(answers[0]).toContain('unauthenticated')
  })

  it('rejects a token as the credential', async () => {
    const { accessToken, refreshToken } = await issue((await makeKey('chain')).key)
    for (const key of [accessToken, refreshToken]) await expect(issue(key)).rejects.toMatchObject(UNAUTHENTICATED)
  })

  it('returns tokens that expire no later than their key', async () => {
    const expiresAt = new Date(t.engine.now() + 120_000).toISOString()
    const fresh = await issue((await makeKey('brief', { expiresAt })).key)
    expect([fresh.accessExpiresAt, fresh.refreshExpiresAt]).toEqual([expiresAt, expiresAt])
  })

  it('stores no token: a repeated request with the same idempotency key is answered without tokens', async () => {
    const { key } = await makeKey('repeater')
    const ask = () => t.answer('tokens.issue', {}, { key, idempotencyKey: 'once' })
    await ask()
    const again = await ask()
    expect([again.replayed, again.output]).toMatchObject([true, { accessToken: null, refreshToken: null }])
  })
})

describe('tokens.refresh', () => {
  it('returns the next pair of tokens; a refresh token is accepted for nothing else', async () => {
    const first = await issue((await makeKey('patient')).key)
    await fails(first.refreshToken)
    const caller = { credential: first.refreshToken, requestId: 'r', traceId: null, idempotencyKey: null, face: 'test' }
    await expect(t.core.identify(caller, null)).rejects.toMatchObject(UNAUTHENTICATED)
    await expect(refresh(first.accessToken)).rejects.toMatchObject(UNAUTHENTICATED)
    const second = await refresh(first.refreshToken)
    const third = await refresh(second.refreshToken)
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3)
    await works(third.accessToken)
  })

  it('ends the whole token family when a refresh token is used a second time', async () => {
    const { key } = await makeKey('copied')
    const first = await issue(key)
    const another = await issue(key)
    const second = await refresh(first.refreshToken)
    await expect(refresh(first.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
    await expect(refresh(second.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
    await fails(first.accessToken)
    await fails(second.accessToken)
    // Another token family of the same key stays valid.
    await works((await refresh(another.refreshToken)).accessToken)
    const { items } = await t.call('audit.list', { action: 'token.refreshed', limit: 200 })
    expect(items.some(({ detail }) => JSON.stringify(detail).includes('used before'))).toBe(true)
  })

  it('succeeds for one of many concurrent uses of a token, which then end its family', async () => {
    const { refreshToken } = await issue((await makeKey('crowd')).key)
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => refresh(refreshToken)))
    const won = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(won).toHaveLength(1)
    await fails(won[0]?.accessToken ?? '')
  })
})

describe('tokens.revoke', () => {
  it('ends the token family of a token, or all token families of a key, and keeps the key valid', async () => {
    const { key } = await makeKey('leaver')
    const [one, two, three] = [await issue(key), await issue(key), await issue(key)]
    expect(await t.call('tokens.revoke', {}, { key: one.accessToken })).toEqual({ revoked: true })
    await fails(one.accessToken)
    await expect(refresh(one.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
    expect(await t.call('tokens.revoke', {}, { key: two.refreshToken })).toEqual({ revoked: true })
    await fails(two.accessToken)
    expect(await t.call('tokens.revoke', {}, { key })).toEqual({ revoked: true })
    await fails(three.accessToken)
    await works(key)
  })
})

describe('rejected tokens', () => {
  const claimsOf = async (keys: TokenKeys, change = {}) => {
    const made = await makeKey('forger')
    const { accessToken } = await issue(made.key)
    const payload = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }
    const { org } = await t.core.identify({ credential: made.key, requestId: 'r', traceId: null, idempotencyKey: null, face: 'test' }, null)
    const row = await t.database.transaction(org, 'read only', (tx) => selectFamily(tx, org, payload.sid))
    if (row === undefined) throw new Error('The new token family was not found')
    const now = t.engine.now()
    const [holder, family] = [encodeId('key', row.key_id ?? ''), row.family_id]
    const claims = { use: 'access' as const, org, holder, family, generation: 1, contract: null, scopes: null, ...change }
    return { sign: (life = {}) => signToken(keys, claims, { issuedAt: now, expiresAt: now + 60_000, ...life }), now }
  }

  it('rejects an expired token', async () => {
    const { sign, now } = await claimsOf(tokens)
    await works(await sign())
    await fails(await sign({ expiresAt: now - 1000 }))
  })

  it('rejects a token that another installation signed', async () => {
    const { sign } = await claimsOf(readTokenKeys(makeSigningKey()))
    await fails(await sign())
  })

  it('rejects a token with a changed signature or with the algorithm `none`', async () => {
    const [header, payload, signature] = (await issue((await makeKey('tamperer')).key)).accessToken.split('.')
    await fails(`${header}.${payload}.${signature?.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))}`)
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: tokens.id })).toString('base64url')
    await fails(`${none}.${payload}.`)
    await fails(`${none}.${payload}.${signature}`)
  })

  it('rejects a token whose token family belongs to another key or another organization', async () => {
    const [other] = await t.database.transaction(t.org, 'read only', (tx) => selectKeys(tx, t.org, null, 1))
    if (other === undefined) throw new Error('The organization has no key')
    const { sign } = await claimsOf(tokens, { holder: encodeId('key', other.key_id) })
    await fails(await sign())
    const stranger = await t.call('orgs.get', { orgId: 'current' }, { key: await t.otherOrg('strangers') })
    const { sign: signForeign } = await claimsOf(tokens, { org: '00000000-0000-7000-8000-000000000000' })
    await fails(await signForeign())
    expect(stranger.id).not.toBe(encodeId('org', t.org))
  })

  it('rejects a token of a revoked key: at once in this process, and in others when the cache entry expires', async () => {
    const { id, key } = await makeKey('revoked')
    const { accessToken, refreshToken } = await issue(key)
    let at = t.engine.now()
    const elsewhere = createAuthenticator(t.database, { ...t.core.kernel }, () => at)
    await elsewhere.authenticate(accessToken)
    await works(accessToken)
    await t.call('keys.revoke', { keyId: id })
    await fails(accessToken)
    await expect(refresh(refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
    at += AUTHENTICATED_FOR_MS + 1
    await expect(elsewhere.authenticate(accessToken)).rejects.toMatchObject(UNAUTHENTICATED)
  })
})

describe('a token', () => {
  it('creates no key and no organization, whose key would outlive the token family', async () => {
    const { accessToken } = await issue(t.adminKey)
    const refused = {
      code: 'forbidden',
      detail: 'A token cannot create keys, credentials, organizations or invitations: send the API key itself.',
    }
    await expect(t.answer('keys.create', { name: 'x', scopes: ['runs:read'] }, { key: accessToken })).rejects.toMatchObject(refused)
    await expect(t.answer('orgs.create', { name: 'x' }, { key: accessToken })).rejects.toMatchObject(refused)
  })
})

describe('after a restart', () => {
  it('still accepts issued tokens and rejects revoked ones', async () => {
    const { key } = await makeKey('survivor')
    const [kept, ended] = [await issue(key), await issue(key)]
    await t.call('tokens.revoke', {}, { key: ended.accessToken })
    // A process with an empty cache.
    const { authenticate } = createAuthenticator(t.database, { ...t.core.kernel }, () => t.engine.now())
    expect((await authenticate(kept.accessToken)).actor.name).toBe('survivor')
    await expect(authenticate(ended.accessToken)).rejects.toMatchObject(UNAUTHENTICATED)
    await expect(authenticate(ended.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
  })
})

describe('a flood of tokens', () => {
  const forger = { ...readTokenKeys(makeSigningKey()), id: tokens.id }
  const outcomesOf = async (some: readonly string[], authenticate: Authenticator['authenticate']) => {
    const guesses = await Promise.allSettled(some.map((token) => authenticate(token, { address: '192.0.2.1' })))
    return new Set(guesses.map((guess) => (guess.status === 'rejected' ? (guess.reason as { code: string }).code : 'accepted')))
  }

  it('that are forged reaches no table, and affects no token or key that the process does not know yet', async () => {
    const none = { transaction: () => Promise.reject(new Error('It asks the database')) } as unknown as typeof t.database
    const now = t.engine.now()
    const made = { use: 'access' as const, org: t.org, holder: encodeId('key', t.org), family: t.org, contract: null, scopes: null }
    const forged = await Promise.all(
      Array.from({ length: 600 }, (_, generation) =>
        signToken(forger, { ...made, generation }, { issuedAt: now, expiresAt: now + 60_000 }),
      ),
    )
    expect(await outcomesOf(forged, createAuthenticator(none, { ...t.core.kernel }, () => now).authenticate)).toEqual(
      new Set(['unauthenticated']),
    )
    const { authenticate } = createAuthenticator(t.database, { ...t.core.kernel }, () => now)
    expect(await outcomesOf(forged, authenticate)).toEqual(new Set(['unauthenticated']))
    const { accessToken } = await issue(t.adminKey)
    expect(await outcomesOf([accessToken, t.adminKey], authenticate)).toEqual(new Set(['accepted']))
  })

  it('that was revoked is limited, and no other token is', async () => {
    const { key } = await makeKey('flooding')
    const [ended, kept] = [await issue(key), await issue(key)]
    await t.call('tokens.revoke', {}, { key: ended.accessToken })
    const now = t.engine.now()
    const { authenticate } = createAuthenticator(t.database, { ...t.core.kernel }, () => now)
    const codes = new Set<string>()
    for (let i = 0; i < 110; i++) for (const code of await outcomesOf([ended.accessToken], authenticate)) codes.add(code)
    expect(codes).toEqual(new Set(['unauthenticated', 'rate_limited']))
    expect(await outcomesOf([kept.accessToken], authenticate)).toEqual(new Set(['accepted']))
  })
})

describe('expired token families', () => {
  it('deletes token families a day after they have expired', async () => {
    await issue((await makeKey('forgotten')).key)
    // First deletes the families of keys that expire earlier, which other tests created.
    await forgetTokenFamilies(t.database, t.engine.now() + REFRESH_MS)
    expect(await forgetTokenFamilies(t.database, t.engine.now() + REFRESH_MS)).toBe(0)
    expect(await forgetTokenFamilies(t.database, t.engine.now() + REFRESH_MS + 25 * 3_600_000)).toBeGreaterThan(0)
  })
})
