import { encodeId, type Json } from '@orrery/contract'
import { recordAudit } from '../audit/record-audit.ts'
import { digest } from '../canonical-json.ts'
import type { Kernel } from '../context/kernel.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { newId } from '../new-id.ts'

interface Given {
  /** UUIDs. */
  readonly person: string
  readonly org: string
  /** Shown in the audit log: who was allowed what. */
  readonly detail: { readonly client: Json; readonly scopes: readonly string[]; readonly redirect: string }
  readonly requestId: string
}

/** Writes into the audit log of an organization that a member has allowed a client something. */
export async function recordConsent({ database, clock }: Kernel, { person, org, detail, requestId }: Given): Promise<void> {
  const member = (await findMembersOfPerson(database, person)).find(({ org_id }) => org_id === org)
  if (member === undefined) throw new Error('A person who is no member has allowed a client something')
  const at = Math.floor(clock.now())
  const id = encodeId('mbr', member.member_id)
  const actor = { type: 'member', id, name: member.name } as const
  const kept = { ...detail, scopes: [...detail.scopes] }
  const entry = { action: 'consent.given', subject: id, inputDigest: digest(kept).toString('hex'), detail: kept, requestId }
  await database.transaction(org, 'read write', (tx) => recordAudit(tx, [{ ...entry, org, id: newId(at), at, actor }]))
}
