/**
 * Organizations, API keys and authentication, over a core on a database of its own. Covers the operations, the cache and the limits of the
 * authenticator, and row-level security for the tables of access.
 */
import { randomBytes } from 'node:crypto'
import { decodeId, PERMISSION_SETS, type ProblemError } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { makeSecretKey, readSecretKeys } from '../secrets/secret-keys.ts'
import { hashSecret, makeApiKey } from './api-key.ts'
import { AUTHENTICATED_FOR_MS, createAuthenticator } from './authenticate.ts'
import { bootstrapInstallation } from './bootstrap-installation.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(() => t?.close())

describe('orgs.create, orgs.list and orgs.get', () => {
  it('creates an organization with a first key that is admin of this organization only', async () => {
    const made = await t.call('orgs.create', { name: 'acme' })
    const key = made.secret ?? ''
    expect(await t.call('orgs.get', { orgId: 'current' }, { key })).toEqual({ id: made.id, name: 'acme', createdAt: made.createdAt })
    await expect(t.call('orgs.list', {}, { key })).rejects.toMatchObject({ code: 'forbidden' })
    const { items } = await t.call('orgs.list', { limit: 200 })
    expect(items.map(({ name }) => name)).toEqual(['acme', 'default'])
    await expect(t.call('orgs.create', { name: 'acme' })).rejects.toMatchObject({ code: 'org.name_taken' })
  })

  it('shows another organization only to a caller with orgs:admin', async () => {
    const made = await t.call('orgs.create', { name: 'hidden' })
    const key = await t.otherOrg('curious')
    expect((await t.call('orgs.get', { orgId: made.id })).name).toBe('hidden')
    await expect(t.call('orgs.get', { orgId: made.id }, { key })).rejects.toMatchObject({ code: 'org.not_found' })
  })

  it('lists organizations by name, page by page', async () => {
    const first = await t.call('orgs.list', { limit: 1 })
    const second = await t.call('orgs.list', { limit: 1, cursor: first.nextCursor ?? '' })
    expect([first.items[0]?.name, second.items[0]?.name]).toEqual(['acme', 'curious'])
  })
})

describe('keys.create, keys.list and keys.revoke', () => {
  it('shows a new key once, lists it by its prefix, and revokes it permanently', async () => {
    const made = await t.call('keys.create', { name: 'ci', set: 'developer' })
    expect(made.scopes).toEqual(PERMISSION_SETS.developer)
    expect(made.secret?.startsWith(`${made.prefix}_`)).toBe(true)
    const listed = (await t.call('keys.list', {})).items.find(({ id }) => id === made.id)
    expect(listed).toEqual({ ...made, secret: undefined })
    const revoked = await t.call('keys.revoke', { keyId: made.id })
    expect(revoked.revokedAt).not.toBeNull()
    expect(await t.call('keys.revoke', { keyId: made.id })).toEqual(revoked)
    await expect(t.call('keys.revoke', { keyId: 'key_01jb2m4k6q8r0s2t4v6w8x0y2z' })).rejects.toMatchObject({ code: 'key.not_found' })
  })

  it('rejects a new key that would outlive the key that creates it', async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    const { secret } = await t.call('keys.create', { name: 'guest', set: 'admin', expiresAt: soon })
    const key = secret ?? ''
    const later = new Date(Date.parse(soon) + 1).toISOString()
    for (const expiresAt of [undefined, later]) {
      const making = t.call('keys.create', { name: 'x', scopes: ['runs:read'], ...(expiresAt && { expiresAt }) }, { key })
      await expect(making).rejects.toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'expiresAt' }] } })
    }
    expect((await t.call('keys.create', { name: 'x', scopes: ['runs:read'], expiresAt: soon }, { key })).expiresAt).toBe(soon)
  })

  it('rejects a new key with a scope that its creator lacks', async () => {
    const { secret } = await t.call('keys.create', { name: 'maker', scopes: ['keys:write', 'runs:read'] })
    const key = secret ?? ''
    await expect(t.call('keys.create', { name: 'x', scopes: ['runs:write'] }, { key })).rejects.toMatchObject({
      code: 'key.scope_too_wide',
    })
    expect((await t.call('keys.create', { name: 'x', scopes: ['runs:read'] }, { key })).scopes).toEqual(['runs:read'])
    await expect(t.call('keys.create', { name: 'x' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(t.call('keys.create', { name: 'x', set: 'viewer', expiresAt: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('neither lists nor revokes keys of another organization', async () => {
    const key = await t.otherOrg('neighbour')
    const made = await t.call('keys.create', { name: 'mine', set: 'viewer' })
    await expect(t.call('keys.revoke', { keyId: made.id }, { key })).rejects.toMatchObject({ code: 'key.not_found' })
    expect((await t.call('keys.list', {}, { key })).items.map(({ name }) => name)).toEqual(['First key'])
  })

  it('records when a key was last used', async () => {
    const made = await t.call('keys.create', { name: 'used', scopes: ['runs:read'] })
    await t.call('runs.list', {}, { key: made.secret ?? '' })
    const listed = (await t.call('keys.list', {})).items.find(({ id }) => id === made.id)
    expect(listed?.lastUsedAt).not.toBeNull()
  })
})

describe('a flood of made-up keys', () => {
  /** Secret keys of another installation. */
  const elsewhere = readSecretKeys(makeSecretKey())
  const outcomesOf = async (asked: Promise<unknown>[]) => {
    const settled = await Promise.allSettled(asked)
    return new Set(settled.map((one) => (one.status === 'rejected' ? (one.reason as ProblemError).code : 'accepted')))
  }

  it('limits the network that sends it, and neither a holder in it, seen before or not, nor any other network', async () => {
    let at = Date.now()
    const { authenticate } = createAuthenticator(t.database, { ...t.core.kernel }, () => at)
    const fresh = (await t.call('keys.create', { name: 'fresh', scopes: ['runs:read'] })).secret ?? ''
    expect((await authenticate(t.adminKey, { address: '192.0.2.1' })).org).toBe(t.org)
    // Later than the cache entry expires, so the key has to be looked up again.
    at += 2 * AUTHENTICATED_FOR_MS
    const guess = () => authenticate(makeApiKey(elsewhere).secret, { address: '192.0.2.1' })
    expect(await outcomesOf(Array.from({ length: 200 }, guess))).toEqual(new Set(['unauthenticated']))
    expect(await outcomesOf(Array.from({ length: 200 }, guess))).toEqual(new Set(['rate_limited']))
    expect((await authenticate(t.adminKey, { address: '192.0.2.1' })).org).toBe(t.org)
    expect((await authenticate(fresh, { address: '192.0.2.1' })).org).toBe(t.org)
    expect(await outcomesOf([authenticate(makeApiKey(elsewhere).secret, { address: '192.0.2.2' })])).toEqual(new Set(['unauthenticated']))
  })
})

describe('a flood of a revoked key', () => {
  it('limits this key, and nothing else in its network', async () => {
    const { authenticate } = createAuthenticator(t.database, { ...t.core.kernel }, () => 0)
    const [gone, other] = await Promise.all(['gone', 'stays'].map((name) => t.call('keys.create', { name, scopes: ['runs:read'] })))
    await t.call('keys.revoke', { keyId: gone?.id ?? '' })
    const codes = new Set<string>()
    for (let i = 0; i < 110; i++) await authenticate(gone?.secret ?? '', { address: '192.0.2.1' }).catch(({ code }) => codes.add(code))
    expect(codes).toEqual(new Set(['unauthenticated', 'rate_limited']))
    expect((await authenticate(other?.secret ?? '', { address: '192.0.2.1' })).actor.id).toBe(other?.id)
  })
})

describe('a key of a version without marks', () => {
  it('is accepted', async () => {
    const secret = `orr_abcdefgh_${randomBytes(32).toString('base64url')}`
    const { id } = await t.call('keys.create', { name: 'old', scopes: ['runs:read'] })
    await t.query('update app.api_key set hash = $1 where key_id = $2', [hashSecret(secret), decodeId('key', id)])
    expect((await t.answer('runs.list', {}, { key: secret })).status).toBe(200)
  })
})

describe('revoking a key', () => {
  it('makes this process forget that key alone', async () => {
    const [one, other] = await Promise.all(['one', 'other'].map((name) => t.call('keys.create', { name, scopes: ['runs:read'] })))
    const { authenticate, forget } = createAuthenticator(t.database, { ...t.core.kernel }, () => 0)
    const [first, second] = [one?.secret ?? '', other?.secret ?? '']
    await Promise.all([authenticate(first), authenticate(second)])
    await t.query(`update app.api_key set revoked_at = now() where name in ('one', 'other')`)
    // Both are cached. Only what is forgotten is looked up again.
    forget(one?.id ?? '')
    await expect(authenticate(first)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect((await authenticate(second)).actor.id).toBe(other?.id)
  })
})

describe('concurrent requests with one key', () => {
  it('shares one query between concurrent requests with one key, so that they do not exceed the limit for lookups', async () => {
    const { authenticate } = createAuthenticator(t.database, { ...t.core.kernel }, () => Date.now())
    const identities = await Promise.all(Array.from({ length: 600 }, () => authenticate(t.adminKey)))
    expect(new Set(identities.map(({ org }) => org))).toEqual(new Set([t.org]))
  })

  it('does not cache a key that was forgotten during its lookup', async () => {
    const { id, secret } = await t.call('keys.create', { name: 'short-lived', scopes: ['runs:read'] })
    const { authenticate, forget } = createAuthenticator(t.database, { ...t.core.kernel }, () => Date.now())
    const early = authenticate(secret ?? '')
    forget(id)
    await early
    await t.call('keys.revoke', { keyId: id })
    await expect(authenticate(secret ?? '')).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('bootstrapInstallation', () => {
  it('creates a key on a database that has organizations only if a new key is requested', async () => {
    expect(await bootstrapInstallation(t.database, t.core.kernel.secretKeys, Date.now())).toEqual({
      org: t.org,
      orgName: 'default',
      secret: null,
      key: null,
    })
    const { secret } = await bootstrapInstallation(t.database, t.core.kernel.secretKeys, Date.now(), { newKey: true })
    expect((await t.call('orgs.get', { orgId: 'current' }, { key: secret })).name).toBe('default')
  })
})

describe('row-level security', () => {
  it('hides the rows of another organization even from a query that asks for them', async () => {
    await t.otherOrg('walled')
    const rows = await t.database.transaction(t.org, 'read write', async ({ client }) => {
      const counts: Record<string, number> = {}
      for (const table of ['app.org', 'app.api_key', 'app.audit_entry', 'app.idempotency_key', 'engine.event']) {
        const found = await client.query<{ n: number }>(`select count(*)::int as n from ${table} where org_id <> $1`, [t.org])
        counts[table] = found.rows[0]?.n ?? -1
      }
      return counts
    })
    expect(Object.values(rows)).toEqual([0, 0, 0, 0, 0])
  })

  it('rejects updates and deletes on insert-only tables, and inserts for another organization', async () => {
    const attempt = (text: string) => t.database.transaction(t.org, 'read write', ({ client }) => client.query(text))
    await expect(attempt(`update app.audit_entry set action = 'x'`)).rejects.toThrow(/permission denied/)
    await expect(attempt('delete from app.audit_entry')).rejects.toThrow(/permission denied/)
    await expect(attempt(`insert into app.audit_seal values ('${t.org}', 1, '${t.org}', '', '')`)).rejects.toThrow(/permission denied/)
    await expect(
      attempt(`insert into app.idempotency_key values ('00000000-0000-7000-8000-000000000000', 'k', '', '{}', now())`),
    ).rejects.toThrow(/row-level security/)
  })
})
