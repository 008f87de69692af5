/** Invitations: who may invite whom, what the mail says, and who becomes a member by its link. Over a core on a database of its own. */
import { decodeId, PERMISSION_SETS, ROLES, type Role } from '@orrery/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { until } from '../../../../tests/support/until.ts'
import { listWaitingMails } from '../mail/list-waiting-mails.ts'
import { type AcceptOptions, acceptInvitation } from './accept-invitation.ts'
import { findInvitation } from './find-invitation.ts'

const DAY_MS = 24 * 3_600_000

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false, publicUrl: 'https://orrery.example' })
})
afterAll(() => t?.close())
beforeEach(() => t.query('delete from app.member; delete from app.invitation; delete from auth.person; delete from auth.mail'))

const invite = (email: string, more: { role?: Role; name?: string } = {}, key?: string) =>
  t.call('invitations.create', { email, role: 'operator', ...more }, key === undefined ? {} : { key })
const mails = () => listWaitingMails(t.core.kernel, 100)
/** The secret in the newest mail. */
const newestSecret = async () => /\/invite#(\S+)/.exec((await mails())[0]?.text ?? '')?.[1] ?? ''
const find = (secret: string, laterMs = 0) => findInvitation(t.database, secret, t.core.kernel.clock.now() + laterMs)
const accept = (token: string, more: Partial<AcceptOptions> = {}) =>
  acceptInvitation(t.core.kernel, { token, person: null, requestId: 'req-accept', ...more })
const people = () => t.query<{ id: string; email: string; name: string; email_verified: boolean }>('select * from auth.person')
const expire = () => t.query(`update app.invitation set expires_at = now() - interval '1 second'`)

async function makePerson(name: string) {
  const email = `${name.toLowerCase()}@example.com`
  const [row] = await t.query<{ id: string }>('insert into auth.person (name, email, email_verified) values ($1, $2, true) returning id', [
    name,
    email,
  ])
  return { id: row?.id ?? '', name, email }
}

describe('invitations.create', () => {
  it('mails a link that is good for seven days', async () => {
    const made = await invite(' Ada.L@Example.COM ', { name: 'Ada' })
    expect(made).toMatchObject({
      email: 'Ada.L@example.com',
      name: 'Ada',
      role: 'operator',
      state: 'open',
      acceptedAt: null,
      revokedAt: null,
    })
    expect(Date.parse(made.expiresAt) - Date.parse(made.createdAt)).toBe(7 * DAY_MS)
    const [mail] = await mails()
    expect(mail).toMatchObject({ recipient: 'Ada.L@example.com', subject: 'Invitation to default', expiresAt: new Date(made.expiresAt) })
    expect(mail?.text).toMatch(/organization default .* role operator[\s\S]*https:\/\/orrery\.example\/invite#[\w-]{43}\n/)
    expect(await t.call('invitations.list', {})).toMatchObject({ items: [made] })
  })

  it('stores neither the secret nor the text of the mail', async () => {
    await invite('ada@example.com')
    const secret = await newestSecret()
    const stored = await t.query<{ row: string }>(
      `select i::text as row from app.invitation i union all select m::text from auth.mail m
       union all select a::text from app.audit_entry a union all select e::text from engine.event e`,
    )
    expect(secret).toHaveLength(43)
    expect(stored.filter(({ row }) => row.includes(secret))).toEqual([])
  })

  it('queues no mail if the call fails', async () => {
    await invite('ada@example.com')
    await expect(invite('ADA@example.com')).rejects.toMatchObject({ code: 'invitation.pending' })
    expect((await mails()).length).toBe(1)
  })

  it('makes one of two invitations of an address at once', async () => {
    const both = await Promise.allSettled([invite('ada@example.com'), invite('Ada@example.com')])
    expect(both.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'invitation.pending' } }])
    expect((await mails()).length).toBe(1)
  })

  it('invites an address again whose invitation has expired', async () => {
    const first = await invite('ada@example.com')
    await expire()
    expect((await t.call('invitations.list', {})).items).toMatchObject([{ id: first.id, state: 'expired' }])
    const second = await invite('ada@example.com')
    const { items } = await t.call('invitations.list', {})
    expect(items.map(({ id, state }) => [id, state])).toEqual([
      [second.id, 'open'],
      [first.id, 'revoked'],
    ])
  })

  it('refuses the address of a member', async () => {
    await invite('ada@example.com')
    await accept(await newestSecret())
    await expect(invite('ADA@example.com')).rejects.toMatchObject({ code: 'member.already' })
  })

  it.each([
    'ada',
    'ada@example',
    'a@b.c, d@e.f',
    'Ada <ada@example.com>',
    'ada@example.com\r\nBcc: eve@example.com',
    '"a b"@example.com',
    'ada@exa mple.com',
  ])('refuses %j as an address', async (email) => {
    await expect(invite(email)).rejects.toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'email' }] } })
  })

  it('puts a name that the inviter chose on one line of the mail', async () => {
    await invite('ada@example.com', { role: 'admin' })
    const outcome = await accept(await newestSecret(), { name: 'Ada\r\nhttps://evil.example' })
    expect((await t.call('members.list', {})).items).toMatchObject([{ name: 'Ada https://evil.example' }])
    expect(outcome).toMatchObject({ outcome: 'accepted' })
  })

  it.each(ROLES.flatMap((mine) => ROLES.map((theirs) => [mine, theirs] as const)))(
    'a key with the role %s may invite with the role %s only if its own is as wide',
    async (mine, theirs) => {
      const allowed = PERMISSION_SETS[mine] as readonly string[]
      const { secret } = await t.call('keys.create', { name: mine, set: mine })
      const call = invite('ada@example.com', { role: theirs }, secret ?? '')
      if (!allowed.includes('members:write')) await expect(call).rejects.toMatchObject({ code: 'forbidden' })
      else if (PERMISSION_SETS[theirs].every((one) => allowed.includes(one))) await expect(call).resolves.toMatchObject({ role: theirs })
      else await expect(call).rejects.toMatchObject({ code: 'member.role_too_wide' })
    },
  )
})

describe('invitations.resend and invitations.revoke', () => {
  it('a new link replaces the earlier one, also in the outbox', async () => {
    const { id } = await invite('ada@example.com')
    const first = await newestSecret()
    await expire()
    const again = await t.call('invitations.resend', { invitationId: id })
    expect(again.state).toBe('open')
    const second = await newestSecret()
    expect(await find(first)).toBeNull()
    await until('the first mail is withdrawn', async () => (await mails()).length === 1)
    expect(await find(second)).toMatchObject({ email: 'ada@example.com' })
  })

  it('a revoked link opens nothing, and its mail is not sent', async () => {
    const { id } = await invite('ada@example.com')
    const secret = await newestSecret()
    const revoked = await t.call('invitations.revoke', { invitationId: id })
    expect(revoked.state).toBe('revoked')
    expect(await t.call('invitations.revoke', { invitationId: id })).toEqual(revoked)
    expect([await find(secret), await accept(secret)]).toEqual([null, { outcome: 'not_found' }])
    await until('the mail is withdrawn', async () => (await mails()).length === 0)
    await expect(t.call('invitations.resend', { invitationId: id })).rejects.toMatchObject({ code: 'invitation.closed' })
    const { items } = await t.call('events.list', { newestFirst: true, limit: 10 })
    expect(items.filter(({ type }) => type === 'invitation.revoked').length).toBe(1)
    expect((await t.call('audit.list', { action: 'invitation.revoked' })).items[0]).toMatchObject({ subject: id })
  })

  it('an accepted invitation stays as it is', async () => {
    const { id } = await invite('ada@example.com')
    await accept(await newestSecret())
    for (const name of ['invitations.resend', 'invitations.revoke'])
      await expect(t.answer(name, { invitationId: id })).rejects.toMatchObject({ code: 'invitation.closed' })
  })

  it('belong to the organization, and to callers whose role is as wide', async () => {
    const { id } = await invite('ada@example.com', { role: 'admin' })
    const { secret } = await t.call('keys.create', { name: 'manager', set: 'manager' })
    const other = await t.otherOrg(`others-${Date.now()}`)
    expect((await t.call('invitations.list', {}, { key: other })).items).toEqual([])
    for (const name of ['invitations.resend', 'invitations.revoke']) {
      await expect(t.answer(name, { invitationId: id }, { key: other })).rejects.toMatchObject({ code: 'invitation.not_found' })
      await expect(t.answer(name, { invitationId: id }, { key: secret ?? '' })).rejects.toMatchObject({ code: 'member.role_too_wide' })
    }
  })
})

describe('the link of an invitation', () => {
  it('shows who is invited to what, and whether the person is known', async () => {
    const { expiresAt } = await invite('ada@example.com', { name: 'Ada' })
    const secret = await newestSecret()
    const orgId = (await t.call('orgs.get', { orgId: 'current' })).id
    const found = { orgName: 'default', orgId, email: 'ada@example.com', name: 'Ada', role: 'operator', expiresAt: new Date(expiresAt) }
    expect(await find(secret)).toEqual({ ...found, isPersonKnown: false })
    await makePerson('Ada')
    expect(await find(secret)).toEqual({ ...found, isPersonKnown: true })
    expect(await find(secret, 7 * DAY_MS)).toBeNull()
    for (const wrong of ['', 'x', secret.slice(1), `${secret}x`, secret.replace(/^./, (one) => (one === 'A' ? 'B' : 'A'))])
      expect(await find(wrong)).toBeNull()
  })

  it('makes a person whose address no person has, and a member', async () => {
    const { id } = await invite('Ada.L@example.com')
    const outcome = await accept(await newestSecret(), { name: 'Ada Lovelace' })
    expect(outcome).toMatchObject({ outcome: 'accepted', isNewPerson: true })
    const [person] = await people()
    expect(person).toMatchObject({ name: 'Ada Lovelace', email: 'ada.l@example.com', email_verified: true })
    const [member] = (await t.call('members.list', {})).items
    expect(member).toMatchObject({ name: 'Ada Lovelace', email: 'Ada.L@example.com', role: 'operator' })
    expect(outcome).toMatchObject({ person: person?.id, memberId: member?.id })
    expect((await t.call('invitations.list', {})).items).toMatchObject([{ id, state: 'accepted' }])
    const [entry] = (await t.call('audit.list', { action: 'member.joined' })).items
    const joined = { actorType: 'member', actor: member?.id, subject: member?.id, requestId: 'req-accept' }
    expect(entry).toMatchObject({ ...joined, detail: { by: { invitation: id } } })
    const { items } = await t.call('events.list', { newestFirst: true, limit: 2 })
    expect(items.map(({ type, subject }) => [type, subject])).toEqual([
      ['invitation.accepted', id],
      ['member.joined', member?.id],
    ])
  })

  it.each([
    ['no person', null, 'login_needed'],
    ['another person', 'Ben', 'other_person'],
    ['that person', 'Ada', 'accepted'],
  ])('for the address of a person: with %s logged in, the answer is %s', async (_, who, answer) => {
    const ada = await makePerson('Ada')
    const person = who === null ? null : who === 'Ada' ? ada : await makePerson('Ben')
    await invite('ADA@example.com')
    const secret = await newestSecret()
    const outcome = await accept(secret, { person })
    expect(outcome).toMatchObject({ outcome: answer })
    if (answer === 'accepted') expect(outcome).toMatchObject({ person: ada.id, isNewPerson: false })
    else expect([await find(secret), (await t.call('members.list', {})).items]).toEqual([expect.anything(), []])
  })

  it('does not make a person for an address while another person is logged in', async () => {
    const ben = await makePerson('Ben')
    await invite('ada@example.com')
    expect(await accept(await newestSecret(), { person: ben })).toEqual({ outcome: 'other_person', email: 'ada@example.com' })
    expect((await people()).length).toBe(1)
  })

  it('is accepted once, however many use it at the same time', async () => {
    await invite('ada@example.com')
    const secret = await newestSecret()
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => accept(secret)))
    const accepted = outcomes.filter((one) => one.outcome === 'accepted')
    expect(accepted).toMatchObject([{ isNewPerson: true }])
    expect([(await people()).length, (await t.call('members.list', {})).items.length]).toEqual([1, 1])
    expect(await accept(secret)).toEqual({ outcome: 'not_found' })
  })

  it('logs in to one of two organizations that invite the same new person at once', async () => {
    const key = await t.otherOrg(`second-${Date.now()}`)
    await invite('ada@example.com')
    const first = await newestSecret()
    await invite('ada@example.com', {}, key)
    const outcomes = await Promise.all([accept(first), accept(await newestSecret())])
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['accepted', 'login_needed'])
    expect((await people()).length).toBe(1)
  })

  it('is no longer good after seven days', async () => {
    await invite('ada@example.com')
    const secret = await newestSecret()
    await expire()
    expect([await find(secret), await accept(secret), await people()]).toEqual([null, { outcome: 'not_found' }, []])
  })

  it('closes the invitation of a person who is a member already', async () => {
    const { id } = await invite('ada@example.com')
    const ada = await makePerson('Ada')
    const org = decodeId('org', (await t.call('orgs.get', { orgId: 'current' })).id)
    await t.query(
      `insert into app.member (org_id, member_id, person_id, name, email, role, joined_at)
       values ($1, gen_random_uuid(), $2, 'Ada', 'earlier@example.com', 'viewer', now())`,
      [org, ada.id],
    )
    expect(await accept(await newestSecret(), { person: ada })).toMatchObject({ outcome: 'already_member' })
    expect((await t.call('invitations.list', {})).items).toMatchObject([{ id, state: 'accepted' }])
    expect((await t.call('members.list', {})).items).toMatchObject([{ role: 'viewer' }])
  })
})
