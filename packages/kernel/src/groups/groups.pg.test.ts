/** Groups of members, to which work is assigned: their names, their members, and that no other organization sees them. */
import { decodeId, encodeId } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePerson } from '../../../../tests/support/log-in.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(() => t?.close())

const make = async (name: string) => (await t.call('groups.create', { name })).id
const join = async (name: string, role = 'viewer') => (await makePerson(t, name, { [t.org]: role })).members[t.org] ?? ''

describe('groups', () => {
  it('are created, changed, listed by name and deleted', async () => {
    for (const name of ['night', 'day', 'evening']) await make(name)
    await expect(t.call('groups.create', { name: 'day' })).rejects.toMatchObject({ code: 'group.name_taken' })
    const first = await t.call('groups.list', { limit: 2 })
    const second = await t.call('groups.list', { limit: 2, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items].map(({ name, members }) => [name, members])).toEqual([
      ['day', 0],
      ['evening', 0],
      ['night', 0],
    ])
    const id = first.items[0]?.id ?? ''
    await expect(t.call('groups.update', { groupId: id, name: 'night' })).rejects.toMatchObject({ code: 'group.name_taken' })
    await expect(t.call('groups.update', { groupId: id })).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await t.call('groups.update', { groupId: id, description: 'from six' })).toMatchObject({ name: 'day', description: 'from six' })
    expect(await t.call('groups.update', { groupId: id, name: 'morning' })).toMatchObject({ name: 'morning', description: 'from six' })
    expect(await t.call('groups.get', { groupId: id })).toMatchObject({ name: 'morning' })
    await t.call('groups.delete', { groupId: id })
    await expect(t.call('groups.get', { groupId: id })).rejects.toMatchObject({ code: 'group.not_found' })
  })

  it('have members, which leave them when they leave the organization', async () => {
    const groupId = await make('support')
    const [ada, ben] = [await join('Ada', 'admin'), await join('Ben')]
    await t.call('groups.addMember', { groupId, member: ada })
    expect(await t.call('groups.addMember', { groupId, member: ben })).toMatchObject({ members: 2 })
    expect(await t.call('groups.addMember', { groupId, member: ben })).toMatchObject({ members: 2 })
    const first = await t.call('groups.members', { groupId, limit: 1 })
    const second = await t.call('groups.members', { groupId, limit: 1, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items].map(({ name }) => name).toSorted()).toEqual(['Ada', 'Ben'])
    await t.call('members.remove', { memberId: ben })
    expect((await t.call('groups.members', { groupId })).items.map(({ id }) => id)).toEqual([ada])
    expect(await t.query('select from app.group_member where actor_id = $1', [decodeId('mbr', ben)])).toEqual([])
    expect(await t.call('groups.removeMember', { groupId, member: ada })).toMatchObject({ members: 0 })
    expect(await t.call('groups.removeMember', { groupId, member: ada })).toMatchObject({ members: 0 })
    const { items } = await t.call('audit.list', { action: 'group.member_removed' })
    expect(items[0]).toMatchObject({ subject: groupId, detail: { name: 'support', member: ada } })
  })

  it('keep no member that is removed while it is added', async () => {
    const groupId = await make('races')
    for (let i = 0; i < 10; i++) {
      const member = await join(`Racer${i}`)
      await Promise.allSettled([t.call('groups.addMember', { groupId, member }), t.call('members.remove', { memberId: member })])
    }
    const left = await t.query('select from app.group_member x where not exists (select from app.member m where m.member_id = x.actor_id)')
    expect(left).toEqual([])
  })

  it('are the business of one organization', async () => {
    const groupId = await make('ours')
    const member = await join('Cleo')
    await t.call('groups.addMember', { groupId, member })
    const key = await t.otherOrg('others')
    expect((await t.call('groups.list', {}, { key })).items).toEqual([])
    for (const name of ['groups.get', 'groups.delete', 'groups.members'])
      await expect(t.answer(name, { groupId }, { key })).rejects.toMatchObject({ code: 'group.not_found' })
    for (const name of ['groups.addMember', 'groups.removeMember'])
      await expect(t.answer(name, { groupId, member }, { key })).rejects.toMatchObject({ code: 'group.not_found' })
    const theirs = (await t.call('groups.create', { name: 'ours' }, { key })).id
    await expect(t.call('groups.addMember', { groupId: theirs, member }, { key })).rejects.toMatchObject({ code: 'member.not_found' })
    await expect(t.answer('groups.addMember', { groupId, member: encodeId('key', decodeId('mbr', member) ?? '') })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('are changed by those who may write members', async () => {
    const groupId = await make('guarded')
    const operator = (await t.call('keys.create', { name: 'o', set: 'operator' })).secret ?? ''
    await expect(t.call('groups.delete', { groupId }, { key: operator })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(t.call('groups.get', { groupId }, { key: operator })).resolves.toMatchObject({ name: 'guarded' })
  })
})
