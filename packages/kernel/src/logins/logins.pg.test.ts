/** What a person may do with a login: their profile, devices and organizations, proofs for dangerous operations, and rules of organizations. */
import { decodeId, encodeId } from '@orrery/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { logIn, makePerson, orgOf } from '../../../../tests/support/log-in.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { AUTHENTICATED_FOR_MS, createAuthenticator } from '../access/authenticate.ts'
import { ACCESS_CHECK_MS } from '../call/bound-call.ts'
import { PROOF_MS_MAX } from '../call/require-proof.ts'
import { LOGIN_MS_MAX } from './find-by-login.ts'
import { forgetLogins } from './forget-logins.ts'

let t: TestCore
let otherKey: string
let other: string
beforeAll(async () => {
  t = await startTestCore({ work: false })
  otherKey = await t.otherOrg('elsewhere')
  other = await orgOf(t, otherKey)
})
afterAll(() => t?.close())
beforeEach(async () => {
  await t.query('delete from app.member')
  await t.query('delete from auth.person')
})

const ended = { code: 'unauthenticated' }

describe('profile.get and profile.update', () => {
  it('show and change the person, and rename its members in all organizations', async () => {
    const { id, members } = await makePerson(t, 'Ada', { [t.org]: 'viewer', [other]: 'admin' })
    await makePerson(t, 'Ben', { [t.org]: 'viewer' })
    const key = await logIn(t, id)
    expect(await t.call('profile.get', {}, { key })).toEqual({
      name: 'Ada',
      email: 'ada@example.com',
      locale: null,
      zone: null,
      notifyEmail: 'ada@example.com',
    })
    const changes = { name: 'Ada Lovelace', locale: 'de-ch', zone: 'Europe/Zurich', notifyEmail: 'pager@example.com' }
    const changed = { ...changes, locale: 'de-CH', email: 'ada@example.com' }
    expect(await t.call('profile.update', changes, { key })).toEqual(changed)
    expect(await t.call('profile.update', { notifyEmail: null, zone: null }, { key })).toEqual({
      ...changed,
      zone: null,
      notifyEmail: 'ada@example.com',
    })
    for (const [org, by] of [
      [t.org, t.adminKey],
      [other, otherKey],
    ] as const) {
      expect(await t.call('members.get', { memberId: members[org] ?? '' }, { key: by })).toMatchObject({ name: 'Ada Lovelace' })
      const { items } = await t.call('events.list', { limit: 200 }, { key: by })
      expect(items.findLast(({ type }) => type === 'member.updated')).toMatchObject({
        subject: members[org],
        data: { name: 'Ada Lovelace' },
      })
    }
    expect((await t.call('members.list', {})).items.map(({ name }) => name).toSorted()).toEqual(['Ada Lovelace', 'Ben'])
    expect((await t.core.kernel.authenticator.authenticate(key)).actor.name).toBe('Ada Lovelace')
    const { items } = await t.call('audit.list', { action: 'profile.updated' })
    expect(items.map(({ subject, detail }) => [subject, detail])).toEqual([
      [members[t.org], { changed: ['zone', 'notifyEmail'] }],
      [members[t.org], { changed: ['name', 'locale', 'zone', 'notifyEmail'] }],
    ])
  })

  it.each([
    [{ locale: 'not a language' }, 'locale'],
    [{ locale: '' }, 'locale'],
    [{ zone: 'Europe/Atlantis' }, 'zone'],
    [{ zone: '+02:00' }, 'zone'],
    [{ notifyEmail: 'nobody' }, 'notifyEmail'],
    [{ name: ' ' }, 'name'],
    [{ name: '' }, 'name'],
    [{}, 'name'],
  ])('refuse %j and name the field', async (changes, path) => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    await expect(t.answer('profile.update', changes, { key: await logIn(t, id) })).rejects.toMatchObject({
      code: 'invalid_input',
      extra: { errors: expect.arrayContaining([expect.objectContaining({ path })]) },
    })
  })
})

describe('an API key', () => {
  it('has no profile and no devices', async () => {
    for (const [name, input] of [
      ['profile.get', {}],
      ['profile.update', { name: 'Key' }],
      ['profile.orgs', {}],
      ['devices.list', {}],
      ['devices.end', { deviceId: 'dev_01jb2m4k6q8r0s2t4v6w8x0y2z' }],
      ['devices.endAll', {}],
    ] as const)
      await expect(t.answer(name, input)).rejects.toMatchObject({ code: 'login_required', status: 403 })
  })
})

describe('profile.orgs', () => {
  it('lists the organizations of the person alone, with the role in each', async () => {
    const { id, members } = await makePerson(t, 'Ada', { [t.org]: 'viewer', [other]: 'admin' })
    await makePerson(t, 'Ben', { [other]: 'operator' })
    const key = await logIn(t, id)
    const { items } = await t.call('profile.orgs', {}, { key, orgId: other })
    expect(items.map(({ name, memberId, role, current }) => [name, memberId, role, current])).toEqual([
      ['default', members[t.org], 'viewer', false],
      ['elsewhere', members[other], 'admin', true],
    ])
    await t.call('members.update', { memberId: members[t.org] ?? '', suspended: true })
    expect((await t.call('profile.orgs', {}, { key, orgId: other })).items.map(({ suspended }) => suspended)).toEqual([true, false])
  })
})

describe('devices', () => {
  it('are the logins of the person, newest first, in plain words', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const ben = await makePerson(t, 'Ben', { [t.org]: 'viewer' })
    await logIn(t, ben.id)
    await logIn(t, id, { method: 'device', userAgent: 'orrery/1.0 (linux)', madeMsAgo: 60_000 })
    await logIn(t, id, { madeMsAgo: LOGIN_MS_MAX })
    const key = await logIn(t, id, { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' })
    const { items } = await t.call('devices.list', {}, { key })
    expect(items.map(({ kind, userAgent, address, current }) => [kind, userAgent, address, current])).toEqual([
      ['browser', 'Firefox on Linux', '192.0.2.7', true],
      ['cli', 'The orrery command on Linux', '192.0.2.7', false],
    ])
    expect(items.map(({ lastUsedAt }) => lastUsedAt !== null)).toEqual([true, false])
  })

  it('end one at a time, and only by their person', async () => {
    const ada = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const ben = await makePerson(t, 'Ben', { [t.org]: 'admin' })
    const [key, phone, bens] = [await logIn(t, ada.id), await logIn(t, ada.id), await logIn(t, ben.id)]
    const { items } = await t.call('devices.list', {}, { key: phone })
    const deviceId = items.find(({ current }) => current)?.id ?? ''
    await expect(t.call('devices.end', { deviceId }, { key: bens })).rejects.toMatchObject({ code: 'device.not_found' })
    await expect(t.call('profile.get', {}, { key: phone })).resolves.toBeDefined()
    expect(await t.call('devices.end', { deviceId }, { key })).toMatchObject({ id: deviceId, current: false })
    await expect(t.call('profile.get', {}, { key: phone })).rejects.toMatchObject(ended)
    expect((await t.call('devices.list', {}, { key })).items.map(({ current }) => current)).toEqual([true])
    expect(await t.call('devices.end', { deviceId }, { key })).toMatchObject({ id: deviceId })
    const unknown = 'dev_01jb2m4k6q8r0s2t4v6w8x0y2z'
    await expect(t.call('devices.end', { deviceId: unknown }, { key })).rejects.toMatchObject({ code: 'device.not_found' })
    const { items: entries } = await t.call('audit.list', { action: 'device.ended' })
    expect(entries.map(({ subject }) => subject)).toEqual([deviceId, deviceId])
  })

  it('end all at once but the current one, in this process at once and in others when their cached identity expires', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const ben = await makePerson(t, 'Ben', { [t.org]: 'viewer' })
    const [key, phone, laptop, bens] = [await logIn(t, id), await logIn(t, id), await logIn(t, id), await logIn(t, ben.id)]
    let at = Date.now()
    const elsewhere = createAuthenticator(t.database, t.core.kernel, () => at)
    for (const one of [phone, laptop]) await Promise.all([elsewhere.authenticate(one), t.call('profile.get', {}, { key: one })])
    expect(await t.call('devices.endAll', {}, { key })).toEqual({ ended: 2 })
    expect(await t.call('devices.endAll', {}, { key })).toEqual({ ended: 0 })
    at += AUTHENTICATED_FOR_MS
    for (const one of [phone, laptop]) {
      await expect(t.call('profile.get', {}, { key: one })).rejects.toMatchObject(ended)
      await expect(elsewhere.authenticate(one)).rejects.toMatchObject(ended)
    }
    for (const one of [key, bens]) await expect(t.call('profile.get', {}, { key: one })).resolves.toBeDefined()
  })

  it('that end close what they have open within five seconds', async () => {
    await t.deploy()
    const { runId } = await t.call('runs.start', { workflow: 'greeting', input: { name: 'Ada' }, delay: '1h' })
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const [key, phone] = [await logIn(t, id), await logIn(t, id)]
    const waiting = t.call('runs.result', { runId, timeout: '60s' }, { key: phone })
    const closed = expect(waiting).rejects.toMatchObject(ended)
    await t.call('devices.endAll', {}, { key })
    const since = performance.now()
    await closed
    expect(performance.now() - since).toBeLessThan(5000)
    expect(AUTHENTICATED_FOR_MS + ACCESS_CHECK_MS).toBeLessThan(5000)
  })
})

describe('a person in two organizations', () => {
  it('switches without logging in again, and only to an organization that lets it in', async () => {
    const other = await orgOf(t, await t.otherOrg('switched-to'))
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'admin', [other]: 'viewer' })
    const key = await logIn(t, id)
    const current = async () => (await t.call('orgs.get', { orgId: 'current' }, { key })).id
    expect(await current()).toBe(encodeId('org', t.org))
    await t.call('profile.switchOrg', { orgId: encodeId('org', other) }, { key })
    expect(await current()).toBe(encodeId('org', other))
    await expect(t.call('keys.create', { name: 'x', set: 'viewer' }, { key })).rejects.toMatchObject({ code: 'forbidden' })
    const strange = await orgOf(t, await t.otherOrg('of-others'))
    await expect(t.call('profile.switchOrg', { orgId: encodeId('org', strange) }, { key })).rejects.toMatchObject({ code: 'org.not_found' })
    await t.query('update app.member set suspended_at = now() where org_id = $1 and person_id = $2', [t.org, id])
    await expect(t.call('profile.switchOrg', { orgId: encodeId('org', t.org) }, { key })).rejects.toMatchObject({ code: 'org.not_found' })
  })
})

describe('a login', () => {
  it('ends 90 days after it was made, however long it could be used otherwise', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const old = await logIn(t, id, { madeMsAgo: LOGIN_MS_MAX - 60_000, usedHoursAgo: 1 })
    const at = Date.now()
    const authenticator = createAuthenticator(t.database, t.core.kernel, () => at)
    const { login } = await authenticator.authenticate(old)
    expect(Math.abs((login?.expiresAt ?? 0) - at - 60_000)).toBeLessThan(20_000)
    await expect(
      t.call('profile.get', {}, { key: await logIn(t, id, { madeMsAgo: LOGIN_MS_MAX, usedHoursAgo: 1 }) }),
    ).rejects.toMatchObject(ended)
  })

  it('leaves no record a week after it ended', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const day = 24 * 3_600_000
    await logIn(t, id)
    await logIn(t, id, { usedHoursAgo: 20 * 24 })
    await logIn(t, id, { madeMsAgo: 22 * day })
    await forgetLogins({ database: t.database, clock: { now: () => Date.now() } })
    expect(await t.query('select from auth.login where person_id = $1', [id])).toHaveLength(2)
    await forgetLogins({ database: t.database, clock: { now: () => Date.now() + 22 * day } })
    expect(await t.query('select from auth.login where person_id = $1', [id])).toEqual([])
  })

  it('ends when it was not used for 14 days', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const hours = 14 * 24
    await expect(t.call('profile.get', {}, { key: await logIn(t, id, { usedHoursAgo: hours - 1 }) })).resolves.toBeDefined()
    await expect(t.call('profile.get', {}, { key: await logIn(t, id, { usedHoursAgo: hours }) })).rejects.toMatchObject(ended)
    await expect(t.call('profile.get', {}, { key: await logIn(t, id, { madeMsAgo: hours * 3_600_000 }) })).rejects.toMatchObject(ended)
  })

  it('records its last use at most once a minute, and its use extends nothing', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    const key = await logIn(t, id)
    let at = Date.now()
    const { authenticate } = createAuthenticator(t.database, t.core.kernel, () => at)
    const read = async () => {
      await authenticate(key)
      const [row] = await t.query<{ used_at: Date; expires_at: Date }>('select used_at, expires_at from auth.login where person_id = $1', [
        id,
      ])
      return [row?.used_at.getTime(), row?.expires_at.getTime()]
    }
    const [first, expiresAt] = await read()
    expect(first).toBe(at)
    at += 59_000
    expect(await read()).toEqual([first, expiresAt])
    at += 2_000
    expect(await read()).toEqual([at, expiresAt])
  })
})

describe('a dangerous operation', () => {
  const create = (key: string) => t.call('keys.create', { name: 'x', set: 'viewer' }, { key })

  it('is refused to a person whose last proof is ten minutes old, until they prove it again', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'admin' })
    const key = await logIn(t, id, { provedMsAgo: PROOF_MS_MAX + 1000 })
    const [row] = await t.query<{ proved_at: Date }>('select proved_at from auth.login where person_id = $1', [id])
    await expect(create(key)).rejects.toMatchObject({
      code: 'proof_required',
      status: 403,
      detail: expect.stringContaining('/login?proof'),
      extra: { provedAt: row?.proved_at.toISOString() },
    })
    await expect(t.call('keys.list', {}, { key })).resolves.toBeDefined()
    // The identity is cached; the proof counts at once nevertheless.
    await t.query('update auth.login set proved_at = now() where person_id = $1', [id])
    await expect(create(key)).resolves.toMatchObject({ name: 'x' })
  })

  it.each([
    ['keys.create', { name: 'x', set: 'viewer' }],
    ['members.update', { memberId: 'mbr_01jb2m4k6q8r0s2t4v6w8x0y2z', role: 'viewer' }],
    ['members.remove', { memberId: 'mbr_01jb2m4k6q8r0s2t4v6w8x0y2z' }],
    ['roles.put', { role: 'mine', permissions: [] }],
    ['roles.delete', { role: 'mine' }],
    ['orgs.create', { name: 'another' }],
    ['orgs.setRules', { mailDomains: [] }],
  ])('is %s', async (name, input) => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'admin' })
    await t.query('update auth.person set administers_installation = true where id = $1', [id])
    const key = await logIn(t, id, { provedMsAgo: PROOF_MS_MAX + 1000 })
    await expect(t.answer(name, input, { key })).rejects.toMatchObject({ code: 'proof_required' })
  })

  it('asks keys and tokens for no proof', async () => {
    const { output } = await t.answer('tokens.issue', {})
    const { accessToken } = output as { accessToken: string }
    for (const key of [t.adminKey, accessToken])
      await expect(t.call('roles.put', { role: 'by-key', permissions: [] }, { key })).resolves.toBeDefined()
    await t.call('roles.delete', { role: 'by-key' })
  })

  it('reports a missing permission first', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'viewer' })
    await expect(create(await logIn(t, id, { provedMsAgo: PROOF_MS_MAX + 1000 }))).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('rules of an organization', () => {
  const set = (rules: object, key?: string) => t.answer('orgs.setRules', rules, key === undefined ? {} : { key })
  beforeEach(() => set({ passkeyRequired: false, mailDomains: [] }))

  it('are shown to and set by admins, one by one', async () => {
    expect(await t.call('orgs.rules', {})).toEqual({ passkeyRequired: false, mailDomains: [] })
    await set({ passkeyRequired: true })
    expect((await set({ mailDomains: ['example.com', 'example.com'] })).output).toEqual({
      passkeyRequired: true,
      mailDomains: ['example.com'],
    })
    expect(await t.call('orgs.rules', {}, { key: otherKey })).toEqual({ passkeyRequired: false, mailDomains: [] })
    const manager = (await t.call('keys.create', { name: 'm', set: 'manager' })).secret ?? ''
    await expect(set({ passkeyRequired: false }, manager)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(t.call('orgs.rules', {}, { key: manager })).rejects.toMatchObject({ code: 'forbidden' })
    for (const domain of ['Example.com', '@example.com', 'example', '.com', 'a b.com'])
      await expect(set({ mailDomains: [domain] })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(set({})).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('can require a passkey: other logins act in other organizations only', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'admin', [other]: 'viewer' })
    const [link, passkey, cli] = [
      await logIn(t, id),
      await logIn(t, id, { method: 'passkey' }),
      await logIn(t, id, { method: 'passkey_device' }),
    ]
    expect(await orgOfLogin(link)).toBe(t.org)
    await set({ passkeyRequired: true })
    await expect(t.call('profile.get', {}, { key: link, orgId: t.org })).rejects.toMatchObject({ code: 'passkey_required', status: 403 })
    for (const key of [passkey, cli]) expect(await orgOfLogin(key)).toBe(t.org)
    // Without an organization that is meant, it acts where it may.
    expect(await orgOfLogin(link)).toBe(other)
    await set({ passkeyRequired: false })
    expect(await orgOfLogin(link, t.org)).toBe(t.org)
    const ben = await makePerson(t, 'Ben', { [t.org]: 'viewer' })
    await set({ passkeyRequired: true })
    for (const method of ['link', 'setup', 'github', 'sso', 'device', 'of a newer server'])
      await expect(orgOfLogin(await logIn(t, ben.id, { method }))).rejects.toMatchObject({ code: 'passkey_required' })
  })

  it('can allow domains of addresses, in any case, and no subdomains of them', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'admin' })
    const key = await logIn(t, id)
    for (const domain of ['example.org', 'le.com', 'sub.example.com', 'com.com']) {
      await set({ mailDomains: [domain] })
      await expect(orgOfLogin(key)).rejects.toMatchObject({
        code: 'mail_domain_refused',
        detail: expect.stringContaining('ada@example.com'),
      })
    }
    await set({ mailDomains: ['example.org', 'example.com'] })
    expect(await orgOfLogin(key)).toBe(t.org)
    await t.query(`update app.member set email = 'Ada@EXAMPLE.com'`)
    expect(await orgOfLogin(await logIn(t, id))).toBe(t.org)
  })

  it('that would lock the caller out are refused', async () => {
    const { id } = await makePerson(t, 'Ada', { [t.org]: 'admin' })
    const [link, passkey] = [await logIn(t, id), await logIn(t, id, { method: 'passkey' })]
    await expect(set({ passkeyRequired: true }, link)).rejects.toMatchObject({ code: 'org.rule_locks_out' })
    await expect(set({ mailDomains: ['example.org'] }, link)).rejects.toMatchObject({ code: 'org.rule_locks_out' })
    expect(await t.call('orgs.rules', {})).toEqual({ passkeyRequired: false, mailDomains: [] })
    await set({ passkeyRequired: true, mailDomains: ['example.com'] }, passkey)
    await expect(orgOfLogin(link)).rejects.toMatchObject({ code: 'passkey_required' })
    const { items } = await t.call('audit.list', { action: 'org.rules_changed' })
    expect(items[0]).toMatchObject({ detail: { passkeyRequired: true, mailDomains: ['example.com'] } })
  })
})

async function orgOfLogin(key: string, orgId?: string): Promise<string | null> {
  return decodeId('org', (await t.call('orgs.get', { orgId: 'current' }, { key, ...(orgId === undefined ? {} : { orgId }) })).id)
}
