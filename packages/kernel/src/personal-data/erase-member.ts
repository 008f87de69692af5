import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { takeOut } from '../members/remove-member.ts'
import { addressForms } from './address-forms.ts'
import { toErasure } from './erasure-row.ts'
import { deletePerson, deleteRecordsOfMember } from './record-store.ts'
import { addErasure } from './start-erasure.ts'

export async function eraseMember(ctx: Ctx, { memberId, payloads }: InputFor<'members.erase'>): Promise<AnswerTo<'members.erase'>> {
  const { org_id: org, member_id: member, person_id: person, email } = await takeOut(ctx, memberId)
  return withOrg(ctx, async (tx) => {
    await deleteRecordsOfMember(tx, org, member, email)
    const erasure = toErasure(await addErasure(ctx, tx, org, email, payloads === 'delete'))
    const outcome = await deletePerson(tx, person, addressForms(email))
    return { erasure, personDeleted: outcome === 'deleted' }
  })
}
