/** Logins of people, from a link to what a member may do, with the real login library on a database of its own. */
import { decodeId, encodeId, PERMISSION_SETS, type Role } from '@orrery/contract'
import { acceptInvitation, deriveLoginSecret, findInvitation, makeFirstPerson, makeSecretKey, readSecretKeys } from '@orrery/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { readConfig } from '../config.ts'
import { createAuth } from './create-auth.ts'
import type { LoginLink } from './login-link.ts'
import type { LoginFact } from './record-plugin.ts'

const URL_OF_SERVER = 'http://localhost:8787'
const secrets = readSecretKeys(makeSecretKey())
const secret = deriveLoginSecret(secrets)
const sent: LoginLink[] = []
const facts: LoginFact[] = []

let t: TestCore
let auth: ReturnType<typeof createAuth>

beforeAll(async () => {
  t = await startTestCore({ work: false, secrets })
  auth = authAt(URL_OF_SERVER)
})
afterAll(() => t?.close())

function authAt(url: string) {
  return createAuth({
    people: t.database.people,
    secret,
    url,
    sendLink: (link) => void sent.push(link),
    setUp: (filled) => makeFirstPerson(t.core.kernel, t.org, filled),
    providers: readConfig({}, []),
    report: (fact) => void facts.push(fact),
    invitations: {
      find: (token) => findInvitation(t.database, token, Date.now()),
      accept: (options) => acceptInvitation(t.core.kernel, options),
    },
    oauth: {
      addresses: { issuer: url, resources: [`${url}/mcp`] },
      tokenKeys: t.core.kernel.tokenKeys,
      outside: t.core.kernel.outside,
    },
  })
}

/** A person that is a member of the organizations, as accepting invitations will make it. */
async function invite(name: string, roles: Readonly<Record<string, Role>>): Promise<{ email: string; person: string }> {
  const email = `${name.toLowerCase()}@example.com`
  const person = await (await auth.$context).internalAdapter.createUser({ name, email, emailVerified: true }, { method: 'magic-link' })
  for (const [org, role] of Object.entries(roles))
    await t.query(
      `insert into app.member (org_id, member_id, person_id, name, email, role, joined_at)
       values ($1, gen_random_uuid(), $2, $3, $4, $5, now())`,
      [org, person.id, name, email, role],
    )
  return { email, person: person.id }
}

const post = (path: string, body: object) =>
  auth.handler(
    new Request(`${URL_OF_SERVER}/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: URL_OF_SERVER },
      body: JSON.stringify(body),
    }),
  )

/** Opens the newest link that was sent to an address. */
const openLink = (email: string) =>
  auth.handler(new Request(`${URL_OF_SERVER}/auth/magic-link/verify?token=${sent.findLast((link) => link.email === email)?.token ?? ''}`))

/** Asks for a link, opens it, and returns what the browser keeps. */
async function logIn(email: string): Promise<string> {
  await post('/sign-in/magic-link', { email })
  const answer = await openLink(email)
  const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('orrery=')) ?? ''
  return decodeURIComponent(/=([^;]*)/.exec(cookie)?.[1] ?? '')
}

const orgIdOf = async (key: string, org?: string) =>
  (await t.call('orgs.get', { orgId: 'current' }, { key, ...(org === undefined ? {} : { orgId: org }) })).id

describe('a login by a link', () => {
  it('acts with the role of the member, in the organization that is meant', async () => {
    const other = decodeId('org', await orgIdOf(await t.otherOrg('elsewhere'))) ?? ''
    const { email } = await invite('Ada', { [t.org]: 'viewer', [other]: 'admin' })
    const key = await logIn(email)
    expect(decodeId('org', await orgIdOf(key))).toBe(t.org)
    expect(decodeId('org', await orgIdOf(key, other))).toBe(other)
    await expect(t.call('keys.create', { name: 'x', set: 'viewer' }, { key })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(t.call('orgs.list', {}, { key, orgId: other })).rejects.toMatchObject({ code: 'forbidden' })
    const made = await t.call('keys.create', { name: 'x', set: 'viewer' }, { key, orgId: other })
    expect(made.scopes).toEqual(PERMISSION_SETS.viewer)
    await expect(orgIdOf(key, '01900000-0000-7000-8000-000000000001')).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('shows the person who they are, and where else', async () => {
    const elsewhere = await t.otherOrg('whereabouts')
    const other = decodeId('org', await orgIdOf(elsewhere)) ?? ''
    const { email } = await invite('Mae', { [t.org]: 'viewer', [other]: 'operator' })
    const key = await logIn(email)
    const org = { id: encodeId('org', other), name: 'whereabouts' }
    const seen = await t.call('access.whoami', {}, { key, orgId: other })
    expect(seen).toMatchObject({ actor: { type: 'member', name: 'Mae' }, org, role: 'operator', administersInstallation: false })
    expect(seen.permissions).toEqual(PERMISSION_SETS.operator)
    expect(seen.orgs.map(({ role }) => role).toSorted()).toEqual(['operator', 'viewer'])
    const inDays = (Date.parse(seen.expiresAt ?? '') - Date.now()) / 86_400_000
    expect([inDays > 89, inDays < 91]).toEqual([true, true])
    const byKey = await t.call('access.whoami', {}, { key: elsewhere })
    expect(byKey).toMatchObject({ actor: { type: 'api_key' }, org, role: null, orgs: [], expiresAt: null })
    const { output } = await t.answer('tokens.issue', {}, { key: elsewhere })
    const byToken = await t.call('access.whoami', {}, { key: (output as { accessToken: string }).accessToken })
    expect(Date.parse(byToken.expiresAt ?? '') - Date.now()).toBeLessThan(901_000)
  })

  it('is kept over TLS in a cookie that no script reads, no other host sets, and no other site sends', async () => {
    const [url, { email }] = ['https://orrery.example', await invite('Tess', { [t.org]: 'viewer' })]
    const secure = authAt(url)
    const headers = { 'content-type': 'application/json', origin: url }
    await secure.handler(new Request(`${url}/auth/sign-in/magic-link`, { method: 'POST', headers, body: JSON.stringify({ email }) }))
    const token = sent.findLast((link) => link.email === email)?.token ?? ''
    const answer = await secure.handler(new Request(`${url}/auth/magic-link/verify?token=${token}`))
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-orrery=[^;]+; Max-Age=7776000; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  })

  it('is good once, and only for who was invited', async () => {
    const { email } = await invite('Ben', { [t.org]: 'admin' })
    const key = await logIn(email)
    await expect(orgIdOf(key)).resolves.toBeDefined()
    const again = await openLink(email)
    expect(again.headers.getSetCookie()).toEqual([])
    const known = await post('/sign-in/magic-link', { email })
    const unknown = await post('/sign-in/magic-link', { email: 'stranger@example.com' })
    expect([unknown.status, await unknown.text()]).toEqual([known.status, await known.text()])
    expect(await logIn('stranger@example.com')).toBe('')
    expect(await t.query(`select from auth.person where email = 'stranger@example.com'`)).toEqual([])
  })

  it('ends when the person signs out, the member is suspended, or its signature is changed', async () => {
    const { email, person } = await invite('Cleo', { [t.org]: 'operator' })
    const key = await logIn(email)
    await expect(orgIdOf(key)).resolves.toBeDefined()
    await expect(orgIdOf(`${key.slice(0, -6)}AAAAA=`)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(orgIdOf(key.split('.')[0] ?? '')).rejects.toMatchObject({ code: 'unauthenticated' })
    const { items } = await t.call('members.list', {})
    const id = items.find((member) => member.email === email)?.id ?? ''
    await t.call('members.update', { memberId: id, suspended: true })
    await expect(orgIdOf(key)).rejects.toMatchObject({ code: 'unauthenticated' })
    await t.call('members.update', { memberId: id, suspended: false })
    await expect(orgIdOf(key)).resolves.toBeDefined()
    await t.query('delete from auth.login where person_id = $1', [person])
    await t.call('members.update', { memberId: id, role: 'viewer' })
    await expect(orgIdOf(key)).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('the schema of people', () => {
  it('is closed to the roles that serve organizations, and theirs to the login library', async () => {
    await expect(t.database.ask({ text: 'select from auth.person', values: [] })).rejects.toMatchObject({ code: '42501' })
    await expect(
      t.database.transaction(t.org, 'read only', (tx) => tx.rows({ text: 'select from auth.login', values: [] })),
    ).rejects.toMatchObject({ code: '42501' })
    await expect(t.database.people.query('select from app.member')).rejects.toMatchObject({ code: '42501' })
  })
})
