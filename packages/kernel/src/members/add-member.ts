import { encodeId, type Id, type Role } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { Transaction } from '../database/database.ts'
import { appendEvents } from '../events/append-events.ts'
import { newId } from '../new-id.ts'
import { insertMember } from './member-store.ts'

export interface NewMember {
  /** A UUID. */
  readonly person: string
  readonly name: string
  readonly email: string
  readonly role: Role
}

/** Makes a person a member of the context's organization. Returns the member's id; null: the person is a member already. */
export async function addMember(ctx: Ctx, tx: Transaction, { person, name, email, role }: NewMember): Promise<Id<'mbr'> | null> {
  const now = Math.floor(ctx.clock.now())
  const member = newId(now)
  const row = { org_id: ctx.org, member_id: member, person_id: person, name, email, role, joined_at: new Date(now), suspended_at: null }
  if (!(await insertMember(tx, row))) return null
  const id = encodeId('mbr', member)
  await appendEvents(ctx, tx, [{ type: 'member.joined', subject: id, data: { name, role } }])
  return id
}
