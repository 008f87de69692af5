import { encodeId, type Id, type Json } from '@orrery/contract'
import { recordAudit } from '../audit/record-audit.ts'
import { digest } from '../canonical-json.ts'
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
  readonly role: string
}

/**
 * Makes a person a member of the organization of `ctx`, with the event and an audit entry of the member itself, without its name: what is in them
 * stays when the person is deleted. Returns its id. Null: the person
 * is a member already. @param by what let it in, for the audit entry
 */
export async function addMember(ctx: Ctx, tx: Transaction, { person, name, email, role }: NewMember, by: Json): Promise<Id<'mbr'> | null> {
  const at = Math.floor(ctx.clock.now())
  const member = newId(at)
  const joined = { org_id: ctx.org, member_id: member, person_id: person, name, email, role, joined_at: new Date(at), suspended_at: null }
  if (!(await insertMember(tx, joined))) return null
  const id = encodeId('mbr', member)
  await appendEvents(ctx, tx, [{ type: 'member.joined', subject: id, data: { role } }])
  const detail = { role, by }
  await recordAudit(tx, [
    {
      org: ctx.org,
      id: newId(at),
      at,
      actor: { type: 'member', id, name },
      action: 'member.joined',
      subject: id,
      inputDigest: digest(detail).toString('hex'),
      detail,
      requestId: ctx.origin.requestId,
    },
  ])
  return id
}
