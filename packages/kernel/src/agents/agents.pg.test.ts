/** Agents: who may make and change them, their credentials, how they log in, and how they end. Over a core on a database of its own. */
import type { Permission } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { createAuthenticator } from '../access/authenticate.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(() => t?.close())

interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly refreshExpiresAt: string
  readonly scopes: readonly string[]
}

let count = 0
const makeAgent = (scopes: readonly Permission[] = ['runs:read'], key = t.adminKey) =>
  t.call('agents.create', { name: `agent-${++count}`, scopes: [...scopes] }, { key })
const makeCredential = async (agentId: string, more = {}) => {
  const { id, secret } = await t.call('credentials.create', { agentId, name: 'laptop', ...more })
  return { id, secret: secret ?? '' }
}
const newAgent = async (scopes?: readonly Permission[]) => {
  const { id, name } = await makeAgent(scopes)
  const credential = await makeCredential(id, { name: `of ${name}` })
  return { id, name, credential, ...(await logIn(credential.secret)) }
}
const logIn = async (key: string, input = {}) => (await t.answer('tokens.issue', input, { key })).output as Tokens
const refresh = async (key: string, input = {}) => (await t.answer('tokens.refresh', input, { key })).output as Tokens
const keyWith = async (scopes: Permission[], more = {}) => (await t.call('keys.create', { name: 'key', scopes, ...more })).secret ?? ''
const UNAUTHENTICATED = { code: 'unauthenticated' }
const works = (key: string) => expect(t.call('runs.list', {}, { key })).resolves.toMatchObject({ items: [] })
const fails = (key: string) => expect(t.call('runs.list', {}, { key })).rejects.toMatchObject(UNAUTHENTICATED)

describe('agents', () => {
  it('are made, listed newest first, changed and deleted, with audit entries and events', async () => {
    const first = await t.call('agents.create', { name: 'briefer', scopes: ['runs:read', 'runs:read'], description: 'Writes' })
    expect(first).toMatchObject({ name: 'briefer', description: 'Writes', scopes: ['runs:read'], suspendedAt: null, lastSeenAt: null })
    const second = await t.call('agents.create', { name: 'reader', scopes: ['events:read'] })
    const page = await t.call('agents.list', { limit: 1 })
    expect(page.items).toEqual([second])
    expect((await t.call('agents.list', { limit: 1, cursor: page.nextCursor ?? '' })).items).toEqual([first])
    const changed = await t.call('agents.update', { agentId: first.id, name: 'writer', description: '', scopes: ['runs:write'] })
    expect(changed).toEqual({ ...first, name: 'writer', description: '', scopes: ['runs:write'] })
    expect(await t.call('agents.get', { agentId: first.id })).toEqual(changed)
    const { suspendedAt } = await t.call('agents.update', { agentId: first.id, suspended: true })
    expect(suspendedAt).not.toBeNull()
    expect(await t.call('agents.update', { agentId: first.id, suspended: true })).toMatchObject({ suspendedAt })
    expect(await t.call('agents.update', { agentId: first.id, suspended: false })).toMatchObject({ suspendedAt: null, name: 'writer' })
    for (const { id } of [first, second]) await t.call('agents.delete', { agentId: id })
    await expect(t.call('agents.get', { agentId: first.id })).rejects.toMatchObject({ code: 'agent.not_found' })
    const { items } = await t.call('audit.list', { subject: first.id, limit: 200 })
    expect(items.map(({ action }) => action).reverse()).toEqual([
      'agent.created',
      ...Array.from({ length: 4 }, () => 'agent.updated'),
      'agent.deleted',
    ])
    const events = (await t.call('events.list', { subject: first.id, limit: 200 })).items.map(({ type }) => type)
    expect(new Set(events)).toEqual(new Set(['agent.created', 'agent.updated', 'agent.deleted']))
  })

  it('have a name that is unique in their organization', async () => {
    const input = { name: 'only-one', scopes: ['runs:read' as const] }
    await t.call('agents.create', input)
    const other = await makeAgent()
    await expect(t.call('agents.create', input)).rejects.toMatchObject({ code: 'agent.name_taken' })
    await expect(t.call('agents.update', { agentId: other.id, name: 'only-one' })).rejects.toMatchObject({ code: 'agent.name_taken' })
    expect(await t.call('agents.create', input, { key: await t.otherOrg('names') })).toMatchObject({ name: 'only-one' })
  })

  it('say which fields are missing', async () => {
    const { id } = await makeAgent()
    await expect(t.answer('agents.update', { agentId: id })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(t.answer('agents.create', { name: 'x', scopes: [] })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(t.answer('agents.create', { name: 'x', scopes: ['all'] })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('are out of reach for another organization', async () => {
    const { id, credential } = await newAgent()
    const key = await t.otherOrg('others')
    expect((await t.call('agents.list', {}, { key })).items).toEqual([])
    for (const name of ['agents.get', 'agents.delete', 'credentials.list'])
      await expect(t.answer(name, { agentId: id }, { key })).rejects.toMatchObject({ code: 'agent.not_found' })
    await expect(t.answer('agents.update', { agentId: id, suspended: true }, { key })).rejects.toMatchObject({ code: 'agent.not_found' })
    await expect(t.answer('credentials.create', { agentId: id, name: 'x' }, { key })).rejects.toMatchObject({ code: 'agent.not_found' })
    const theirs = { agentId: id, credentialId: credential.id }
    await expect(t.answer('credentials.revoke', theirs, { key })).rejects.toMatchObject({ code: 'credential.not_found' })
    await works((await logIn(credential.secret)).accessToken)
  })

  it('get no scope, no credential and no return from a caller that lacks one of their scopes, which may still suspend them', async () => {
    const key = await keyWith(['agents:write', 'runs:read'])
    const wide = { code: 'agent.scope_too_wide', extra: { permission: 'runs:write' } }
    await expect(makeAgent(['runs:read', 'runs:write'], key)).rejects.toMatchObject(wide)
    const { id } = await makeAgent(['runs:read', 'runs:write'])
    const update = (change: object) => t.answer('agents.update', { agentId: id, ...change }, { key })
    await expect(update({ scopes: ['runs:write'] })).rejects.toMatchObject(wide)
    await expect(t.call('credentials.create', { agentId: id, name: 'mine' }, { key })).rejects.toMatchObject(wide)
    expect((await update({ suspended: true })).status).toBe(200)
    await expect(update({ suspended: false })).rejects.toMatchObject(wide)
    expect((await update({ scopes: ['runs:read'], suspended: false })).output).toMatchObject({ scopes: ['runs:read'], suspendedAt: null })
  })
})

describe('credentials', () => {
  it('show their secret once, and stay in the list when they are revoked', async () => {
    const { id: agentId } = await makeAgent()
    const made = await t.call('credentials.create', { agentId, name: 'old' })
    const { secret, ...rest } = made
    expect(secret).toMatch(/^orc_[a-z0-9]{8}_[A-Za-z0-9_-]{51}$/)
    expect(secret?.startsWith(rest.prefix)).toBe(true)
    expect((await t.call('credentials.list', { agentId })).items).toEqual([rest])
    const revoked = await t.call('credentials.revoke', { agentId, credentialId: rest.id })
    expect(revoked.revokedAt).not.toBeNull()
    expect(await t.call('credentials.revoke', { agentId, credentialId: rest.id })).toEqual(revoked)
    expect((await t.call('credentials.list', { agentId })).items).toEqual([revoked])
    const other = await makeAgent()
    const ofOther = t.call('credentials.revoke', { agentId: other.id, credentialId: rest.id })
    await expect(ofOther).rejects.toMatchObject({ code: 'credential.not_found' })
    const stored = JSON.stringify(await t.query('select * from app.credential'))
    expect(stored).not.toContain(secret?.slice(14))
  })

  it('replace one another without a gap', async () => {
    const { id, credential: old, accessToken } = await newAgent()
    const fresh = await makeCredential(id)
    const next = await logIn(fresh.secret)
    await works(accessToken)
    await t.call('credentials.revoke', { agentId: id, credentialId: old.id })
    await fails(accessToken)
    await expect(logIn(old.secret)).rejects.toMatchObject(UNAUTHENTICATED)
    await works(next.accessToken)
    await works((await logIn(fresh.secret)).accessToken)
  })

  it('end at their time, with their tokens', async () => {
    const { id } = await makeAgent()
    const expiresAt = new Date(t.engine.now() + 120_000).toISOString()
    const { secret } = await makeCredential(id, { expiresAt })
    const { accessToken, refreshExpiresAt } = await logIn(secret)
    expect(refreshExpiresAt).toBe(expiresAt)
    const later = createAuthenticator(t.database, t.core.kernel, () => Date.parse(expiresAt) + 1000)
    for (const one of [secret, accessToken]) await expect(later.authenticate(one)).rejects.toMatchObject(UNAUTHENTICATED)
    for (const past of ['2020-01-01T00:00:00Z', new Date(t.engine.now() - 1).toISOString()])
      await expect(makeCredential(id, { expiresAt: past })).rejects.toMatchObject({ code: 'invalid_input' })
    const key = await keyWith(['agents:write', 'runs:read'], { expiresAt })
    const lasting = t.call('credentials.create', { agentId: id, name: 'lasting' }, { key })
    await expect(lasting).rejects.toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'expiresAt' }] } })
  })

  it('are not made by a token, which they would outlive', async () => {
    const { id, accessToken } = await newAgent(['agents:write', 'runs:read'])
    await expect(t.call('credentials.create', { agentId: id, name: 'x' }, { key: accessToken })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  it('may only be exchanged for tokens, and the answer says so', async () => {
    const { credential } = await newAgent(['agents:write', 'keys:write', 'runs:read', 'events:read'])
    const key = credential.secret
    const detail = expect.stringContaining('/auth/token')
    await expect(t.call('runs.list', {}, { key })).rejects.toMatchObject({ ...UNAUTHENTICATED, detail })
    await expect(t.call('keys.create', { name: 'x', scopes: ['runs:read'] }, { key })).rejects.toMatchObject({ ...UNAUTHENTICATED, detail })
    await expect(t.call('tokens.refresh', {}, { key })).rejects.toMatchObject(UNAUTHENTICATED)
    const caller = { credential: key, requestId: 'r', traceId: null, idempotencyKey: null, face: 'test' }
    for (const permission of [null, 'events:read'] as const)
      await expect(t.core.identify(caller, permission)).rejects.toMatchObject({ ...UNAUTHENTICATED, detail })
  })
})

describe('an agent that has logged in', () => {
  it('acts under its own name, with its own scopes, and is seen', async () => {
    const { id, name, credential, accessToken, refreshToken } = await newAgent(['runs:read', 'events:write'])
    await works(accessToken)
    await expect(t.call('runs.start', { workflow: 'x' }, { key: accessToken })).rejects.toMatchObject({ code: 'forbidden' })
    await t.call('events.emit', { topic: 'shop.opened', payload: {} }, { key: accessToken })
    await refresh(refreshToken)
    const { items } = await t.call('audit.list', { limit: 3 })
    const means = { family: expect.stringMatching(/^[0-9a-f-]{36}$/), credential: credential.id }
    expect(items.map(({ action, actorType, actor, detail }) => [action, actorType, actor, detail])).toEqual([
      ['token.refreshed', 'agent', id, means],
      ['event.emitted', 'agent', id, expect.anything()],
      ['token.issued', 'agent', id, means],
    ])
    const seen = await t.call('agents.get', { agentId: id })
    expect(Math.abs(Date.parse(seen.lastSeenAt ?? '') - t.engine.now())).toBeLessThan(60_000)
    const [used] = (await t.call('credentials.list', { agentId: id })).items
    expect(used?.lastUsedAt).toBe(seen.lastSeenAt)
    for (const agent of [id, name]) await logIn(credential.secret, { agent })
    for (const agent of ['another', (await makeAgent()).id])
      await expect(logIn(credential.secret, { agent })).rejects.toMatchObject(UNAUTHENTICATED)
  })

  it('may have a token with fewer scopes, and keeps them when it refreshes', async () => {
    const { credential, scopes } = await newAgent(['runs:read', 'events:read', 'events:write'])
    expect(scopes).toEqual(['runs:read', 'events:read', 'events:write'])
    const narrow = await logIn(credential.secret, { scopes: ['runs:read', 'events:read'] })
    expect(narrow.scopes).toEqual(['runs:read', 'events:read'])
    await works(narrow.accessToken)
    const emit = (key: string) => t.call('events.emit', { topic: 'shop.opened', payload: {} }, { key })
    await expect(emit(narrow.accessToken)).rejects.toMatchObject({ code: 'forbidden' })
    const narrower = await refresh(narrow.refreshToken, { scopes: ['runs:read'] })
    expect(narrower.scopes).toEqual(['runs:read'])
    await expect(t.call('events.list', {}, { key: narrower.accessToken })).rejects.toMatchObject({ code: 'forbidden' })
    const again = await refresh(narrower.refreshToken)
    expect(again.scopes).toEqual(['runs:read', 'events:read'])
    await expect(emit(again.accessToken)).rejects.toMatchObject({ code: 'forbidden' })
    const wide = { code: 'token.scope_too_wide' }
    await expect(refresh(again.refreshToken, { scopes: ['events:write'] })).rejects.toMatchObject(wide)
    await expect(logIn(credential.secret, { scopes: ['keys:write'] })).rejects.toMatchObject(wide)
  })

  it('has the scopes of its tokens at the time of each request', async () => {
    const { id, accessToken } = await newAgent(['runs:read', 'events:read'])
    await t.call('agents.update', { agentId: id, scopes: ['events:read'] })
    await expect(t.call('runs.list', {}, { key: accessToken })).rejects.toMatchObject({ code: 'forbidden' })
    await t.call('agents.update', { agentId: id, scopes: ['runs:read'] })
    await works(accessToken)
  })

  it('is out while it is suspended, and back afterwards', async () => {
    const { id, accessToken, refreshToken, credential } = await newAgent()
    await t.call('agents.update', { agentId: id, suspended: true })
    await fails(accessToken)
    await expect(refresh(refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
    await expect(logIn(credential.secret)).rejects.toMatchObject(UNAUTHENTICATED)
    await t.call('agents.update', { agentId: id, suspended: false })
    await works(accessToken)
    await works((await refresh(refreshToken)).accessToken)
  })

  it('is out for good when it is deleted, with its credentials and token families', async () => {
    const { id, name, accessToken, refreshToken, credential } = await newAgent()
    await t.call('agents.delete', { agentId: id })
    await fails(accessToken)
    await expect(refresh(refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
    await expect(logIn(credential.secret)).rejects.toMatchObject(UNAUTHENTICATED)
    const left = await t.query(
      `select agent_id as id from app.agent where name = $1
       union all select credential_id from app.credential where name = $2
       union all select f.family_id from app.token_family f where f.key_id is null and not exists
         (select from app.credential c where (c.org_id, c.credential_id) = (f.org_id, f.credential_id))`,
      [name, `of ${name}`],
    )
    expect(left).toEqual([])
    expect(await t.call('agents.create', { name, scopes: ['runs:read'] })).toMatchObject({ name, lastSeenAt: null })
  })

  it('loses all its tokens when a refresh token is used twice', async () => {
    const { id, accessToken, refreshToken, credential } = await newAgent()
    const another = await logIn(credential.secret)
    const second = await refresh(refreshToken)
    await expect(refresh(refreshToken)).rejects.toMatchObject(UNAUTHENTICATED)
    for (const one of [accessToken, second.accessToken]) await fails(one)
    await works(another.accessToken)
    const { items } = await t.call('audit.list', { subject: id, action: 'token.refreshed', limit: 200 })
    expect(items[0]?.detail).toMatchObject({ refused: 'used before', ended: true, credential: credential.id })
  })

  it('ends its tokens one by one, or all of one credential', async () => {
    const { id, credential, ...one } = await newAgent()
    const other = await makeCredential(id)
    const [two, three] = [await logIn(credential.secret), await logIn(other.secret)]
    expect(await t.call('tokens.revoke', {}, { key: one.accessToken })).toEqual({ revoked: true })
    await fails(one.accessToken)
    await works(two.accessToken)
    expect(await t.call('tokens.revoke', {}, { key: credential.secret })).toEqual({ revoked: true })
    await fails(two.accessToken)
    await works(three.accessToken)
    await works((await logIn(credential.secret)).accessToken)
  })
})
