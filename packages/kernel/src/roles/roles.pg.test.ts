/** Roles that an organization adds: who may write them, what their members may do, and that no other organization sees them. */
import { PERMISSION_SETS, type Permission, ROLES } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logIn, makePerson, orgOf } from '../../../../tests/support/log-in.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { AUTHENTICATED_FOR_MS, createAuthenticator } from '../access/authenticate.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(() => t?.close())

const put = (role: string, permissions: readonly Permission[], key?: string) =>
  t.answer('roles.put', { role, permissions, description: `for ${role}` }, key === undefined ? {} : { key })
const keyWith = async (scopes: readonly Permission[]) => (await t.call('keys.create', { name: 'x', scopes: [...scopes] })).secret ?? ''

describe('roles.list and roles.get', () => {
  it('show the built-in roles first, with what they allow, and how many members have each', async () => {
    await put('billing', ['runs:read'])
    await makePerson(t, 'Ada', { [t.org]: 'admin' })
    await makePerson(t, 'Bob', { [t.org]: 'billing' })
    const { items } = await t.call('roles.list', {})
    expect(items.map(({ name, builtIn, members }) => [name, builtIn, members])).toEqual([
      ['admin', true, 1],
      ['manager', true, 0],
      ['operator', true, 0],
      ['viewer', true, 0],
      ['billing', false, 1],
    ])
    for (const [at, name] of ROLES.entries()) expect(items[at]?.permissions).toEqual(PERMISSION_SETS[name])
    expect(await t.call('roles.get', { role: 'billing' })).toEqual(items[4])
    expect(await t.call('roles.get', { role: 'viewer' })).toEqual(items[3])
    await expect(t.call('roles.get', { role: 'nobody' })).rejects.toMatchObject({ code: 'role.not_found' })
  })

  it('show nothing of another organization, whose role of the same name is another', async () => {
    const key = await t.otherOrg('others')
    await put('secret', ['runs:read'])
    expect((await t.call('roles.list', {}, { key })).items.map(({ name }) => name)).toEqual([...ROLES])
    for (const name of ['roles.get', 'roles.delete'])
      await expect(t.answer(name, { role: 'secret' }, { key })).rejects.toMatchObject({ code: 'role.not_found' })
    await put('secret', ['runs:write'], key)
    expect((await t.call('roles.get', { role: 'secret' })).permissions).toEqual(['runs:read'])
    const { id } = await makePerson(t, 'Spy', { [t.org]: 'secret', [await orgOf(t, key)]: 'viewer' })
    const login = await logIn(t, id)
    await expect(t.call('runs.cancel', { runId: RUN }, { key: login, orgId: t.org })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

const RUN = 'run_01jb2m4k6q8r0s2t4v6w8x0y2z'

describe('roles.put', () => {
  it('refuses names of built-in roles and of sets, names that are no slugs, and permissions that no role has', async () => {
    for (const role of ['admin', 'viewer', 'developer', 'installation'])
      await expect(put(role, [])).rejects.toMatchObject({ code: 'role.built_in' })
    for (const role of ['Billing', '9lives', 'a b', '', 'x'.repeat(64)])
      await expect(put(role, [])).rejects.toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'role' }] } })
    await expect(put('root', ['orgs:admin'])).rejects.toMatchObject({
      code: 'invalid_input',
      extra: { errors: [{ path: 'permissions[0]' }] },
    })
  })

  it('is for admins alone, none of whom writes a role that is wider than their own permissions', async () => {
    const manager = (await t.call('keys.create', { name: 'm', set: 'manager' })).secret ?? ''
    await expect(put('mine', ['runs:read'], manager)).rejects.toMatchObject({ code: 'forbidden', extra: { permission: 'roles:write' } })
    const narrow = await keyWith(['roles:write', 'runs:read'])
    await expect(put('mine', ['runs:read', 'runs:write'], narrow)).rejects.toMatchObject({
      code: 'role.too_wide',
      extra: { permission: 'runs:write' },
    })
    await put('mine', ['runs:read', 'runs:write'])
    // Nor does it narrow or delete what it could not have written.
    await expect(put('mine', ['runs:read'], narrow)).rejects.toMatchObject({ code: 'role.too_wide' })
    await expect(t.answer('roles.delete', { role: 'mine' }, { key: narrow })).rejects.toMatchObject({ code: 'role.too_wide' })
    expect((await t.call('roles.get', { role: 'mine' })).permissions).toEqual(['runs:read', 'runs:write'])
  })

  it('changes what the members may do at once in this process, and in others when their cached identity expires', async () => {
    await put('shifting', ['runs:read'])
    const { id } = await makePerson(t, 'Cleo', { [t.org]: 'shifting' })
    const key = await logIn(t, id)
    let at = Date.now()
    const other = createAuthenticator(t.database, t.core.kernel, () => at)
    expect([...(await other.authenticate(key)).permissions]).toEqual(['runs:read'])
    await expect(t.call('runs.list', {}, { key })).resolves.toMatchObject({ items: [] })
    await expect(t.call('queues.list', {}, { key })).rejects.toMatchObject({ code: 'forbidden' })
    await put('shifting', ['queues:read'])
    await expect(t.call('queues.list', {}, { key })).resolves.toBeDefined()
    await expect(t.call('runs.list', {}, { key })).rejects.toMatchObject({ code: 'forbidden' })
    at += AUTHENTICATED_FOR_MS
    expect([...(await other.authenticate(key)).permissions]).toEqual(['queues:read'])
  })

  it('refuses the 101st role', async () => {
    await t.query(
      `insert into app.role (org_id, name, description, permissions, updated_at)
       select $1, 'extra-' || n, '', '{}', now() from generate_series(1, 100 - (select count(*)::int from app.role where org_id = $1)) n`,
      [t.org],
    )
    await expect(put('one-more', [])).rejects.toMatchObject({ code: 'role.too_many' })
    await put('extra-1', ['runs:read'])
    await t.query(`delete from app.role where name like 'extra-%'`)
  })
})

describe('roles of members', () => {
  it('are given only if they exist and are as narrow as the permissions of the caller that grants them', async () => {
    await put('keeper', ['keys:write'])
    await put('reader', ['runs:read'])
    const { members } = await makePerson(t, 'Dora', { [t.org]: 'viewer' })
    const memberId = members[t.org] ?? ''
    const manager = (await t.call('keys.create', { name: 'm', set: 'manager' })).secret ?? ''
    const give = (role: string, key = manager) => t.answer('members.update', { memberId, role }, { key })
    await expect(give('keeper')).rejects.toMatchObject({ code: 'member.role_too_wide' })
    await expect(give('nobody')).rejects.toMatchObject({ code: 'role.not_found' })
    expect((await give('reader')).output).toMatchObject({ role: 'reader' })
    await give('keeper', t.adminKey)
    await expect(give('viewer')).rejects.toMatchObject({ code: 'member.role_too_wide' })
    const { items } = await t.call('audit.list', { action: 'member.updated' })
    expect(items[0]).toMatchObject({ subject: memberId, detail: { role: 'keeper' } })
  })

  it('are not deleted, not even while one of them is given', async () => {
    await put('fleeting', ['runs:read'])
    const { members } = await makePerson(t, 'Eve', { [t.org]: 'viewer' })
    const memberId = members[t.org] ?? ''
    await t.call('members.update', { memberId, role: 'fleeting' })
    await expect(t.call('roles.delete', { role: 'fleeting' })).rejects.toMatchObject({ code: 'role.in_use' })
    for (let i = 0; i < 10; i++) {
      await t.call('members.update', { memberId, role: 'viewer' })
      const [given] = await Promise.allSettled([
        t.call('members.update', { memberId, role: 'fleeting' }),
        t.call('roles.delete', { role: 'fleeting' }),
      ])
      const { role } = await t.call('members.get', { memberId })
      const exists = await t.call('roles.get', { role: 'fleeting' }).then(
        () => true,
        () => false,
      )
      expect([role, exists]).toEqual(given.status === 'fulfilled' ? ['fleeting', true] : ['viewer', false])
      if (!exists) await put('fleeting', ['runs:read'])
    }
  })

  it('that a newer server has stored allow what this one knows', async () => {
    await put('future', ['runs:read'])
    await t.query(`update app.role set permissions = '{runs:read,orgs:admin,moons:write}' where name = 'future'`)
    const { id, members } = await makePerson(t, 'Finn', { [t.org]: 'future' })
    const login = await logIn(t, id)
    expect([...(await t.core.kernel.authenticator.authenticate(login)).permissions]).toEqual(['runs:read'])
    // What this server does not know, it neither grants nor takes away.
    await expect(t.call('members.update', { memberId: members[t.org] ?? '', role: 'viewer' })).rejects.toMatchObject({
      code: 'member.role_too_wide',
    })
    await expect(put('future', ['runs:read'])).rejects.toMatchObject({ code: 'role.too_wide' })
  })
})
