import { encodeId, type Json } from '@orrery/contract'
import { recordAudit } from '../audit/record-audit.ts'
import { digest } from '../canonical-json.ts'
import type { Kernel } from '../context/kernel.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { newId } from '../new-id.ts'

export interface PersonChange {
  /** A UUID. */
  readonly person: string
  /** `member.<past tense>`, like the audit labels of operations. */
  readonly action: string
  readonly detail: Json
  readonly requestId: string
}

/** Writes an audit entry of the person in each of its organizations: logins and ways to log in belong to no organization. */
export async function recordForPerson(kernel: Kernel, { person, action, detail, requestId }: PersonChange): Promise<void> {
  const at = Math.floor(kernel.clock.now())
  const inputDigest = digest(detail).toString('hex')
  for (const { org_id: org, member_id: member } of await findMembersOfPerson(kernel.database, person)) {
    const subject = encodeId('mbr', member)
    const entry = {
      org,
      id: newId(at),
      at,
      actor: { type: 'member', id: subject, name: '' },
      action,
      subject,
      inputDigest,
      detail,
      requestId,
    } as const
    await kernel.database.transaction(org, 'read write', (tx) => recordAudit(tx, [entry]))
  }
}
