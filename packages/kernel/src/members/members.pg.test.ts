/** Members: who may change whom, and what other processes and organizations see of it. Over a core on a database of its own. */
import { decodeId, PERMISSION_SETS, ROLES, type Role } from '@orrery/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { newId } from '../new-id.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(() => t?.close())
beforeEach(() => t.query('delete from app.member'))

/** A member, as accepting an invitation will make it. Returns its public id. */
async function join(name: string, role: Role, org = t.org): Promise<string> {
  const [row] = await t.query<{ id: string }>(
    `insert into app.member (org_id, member_id, person_id, name, email, role, joined_at)
     values ($1, $2, $3, $4, $5, $6, now()) returning member_id as id`,
    [org, newId(Date.now()), newId(Date.now()), name, `${name.toLowerCase()}@example.com`, role],
  )
  const { items } = await t.call('members.list', { limit: 200 })
  return items.find((member) => decodeId('mbr', member.id) === row?.id)?.id ?? ''
}

const keyOf = async (role: Role) => (await t.call('keys.create', { name: role, set: role })).secret ?? ''
const update = (memberId: string, change: object, key?: string) =>
  t.answer('members.update', { memberId, ...change }, key === undefined ? {} : { key })

describe('members.list and members.get', () => {
  it('list members page by page in the order in which they joined', async () => {
    for (const name of ['Ada', 'Ben', 'Cleo']) await join(name, 'viewer')
    const first = await t.call('members.list', { limit: 2 })
    expect(first.items.map(({ name, role, suspendedAt }) => [name, role, suspendedAt])).toEqual([
      ['Ada', 'viewer', null],
      ['Ben', 'viewer', null],
    ])
    const second = await t.call('members.list', { limit: 2, cursor: first.nextCursor ?? '' })
    expect(second.items.map(({ email }) => email)).toEqual(['cleo@example.com'])
    expect(await t.call('members.get', { memberId: second.items[0]?.id ?? '' })).toEqual(second.items[0])
  })

  it('show nothing of another organization', async () => {
    const id = await join('Ada', 'admin')
    const key = await t.otherOrg('others')
    expect((await t.call('members.list', {}, { key })).items).toEqual([])
    for (const name of ['members.get', 'members.remove'])
      await expect(t.answer(name, { memberId: id }, { key })).rejects.toMatchObject({ code: 'member.not_found' })
    await expect(update(id, { role: 'viewer' }, key)).rejects.toMatchObject({ code: 'member.not_found' })
  })
})

describe('members.update and members.remove', () => {
  it('change a role, suspend and let in again', async () => {
    await join('Ada', 'admin')
    const id = await join('Ben', 'viewer')
    expect((await update(id, { role: 'operator' })).output).toMatchObject({ name: 'Ben', role: 'operator', suspendedAt: null })
    const { suspendedAt } = await t.call('members.update', { memberId: id, suspended: true })
    expect(suspendedAt).not.toBeNull()
    expect(await t.call('members.update', { memberId: id, suspended: true })).toMatchObject({ suspendedAt })
    expect(await t.call('members.update', { memberId: id, suspended: false })).toMatchObject({ role: 'operator', suspendedAt: null })
    await t.call('members.remove', { memberId: id })
    await expect(t.call('members.get', { memberId: id })).rejects.toMatchObject({ code: 'member.not_found' })
    const { items } = await t.call('audit.list', { action: 'member.removed' })
    expect(items[0]).toMatchObject({ subject: id, detail: { role: 'operator', suspended: false } })
  })

  it.each(ROLES.flatMap((mine) => ROLES.map((theirs) => [mine, theirs] as const)))(
    'a key with the role %s may change a member with the role %s only if its own role is as wide',
    async (mine, theirs) => {
      await join('Ada', 'admin')
      const id = await join('Ben', theirs)
      const isWide = PERMISSION_SETS[theirs].every((one) => (PERMISSION_SETS[mine] as readonly string[]).includes(one))
      const key = await keyOf(mine)
      const change = update(id, { suspended: true }, key)
      if (!(PERMISSION_SETS[mine] as readonly string[]).includes('members:write'))
        await expect(change).rejects.toMatchObject({ code: 'forbidden' })
      else if (isWide) await expect(change).resolves.toMatchObject({ status: 200 })
      else await expect(change).rejects.toMatchObject({ code: 'member.role_too_wide' })
    },
  )

  it('a caller cannot grant a role that is wider than its own', async () => {
    await join('Ada', 'admin')
    const id = await join('Ben', 'viewer')
    const manager = await keyOf('manager')
    await expect(update(id, { role: 'admin' }, manager)).rejects.toMatchObject({ code: 'member.role_too_wide' })
    expect((await update(id, { role: 'manager' }, manager)).output).toMatchObject({ role: 'manager' })
  })

  it('an organization keeps an admin if both leave at once', async () => {
    const [ada, ben] = [await join('Ada', 'admin'), await join('Ben', 'admin')]
    const both = await Promise.allSettled([update(ada, { suspended: true }), t.call('members.remove', { memberId: ben })])
    const refused = both.filter((one) => one.status === 'rejected')
    expect(refused).toMatchObject([{ reason: { code: 'member.last_admin' } }])
    const left = both[0]?.status === 'rejected' ? ada : ben
    for (const change of [{ role: 'viewer' }, { suspended: true }])
      await expect(update(left, change)).rejects.toMatchObject({ code: 'member.last_admin' })
    await expect(t.call('members.remove', { memberId: left })).rejects.toMatchObject({ code: 'member.last_admin' })
  })

  it('say which fields are missing', async () => {
    const id = await join('Ada', 'admin')
    await expect(update(id, {})).rejects.toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'role' }] } })
  })
})
