import { encodeId } from '@orrery/contract'
import { nameOfOrg } from '../access/get-org.ts'
import { listActs } from '../audit/list-audit-entries.ts'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { getMemberRow } from '../members/get-member.ts'
import { type MemberRow, toMember } from '../members/member-row.ts'
import { selectRecordsOfMember } from './record-store.ts'

export async function exportMember(ctx: Ctx, { memberId }: InputFor<'members.export'>): Promise<AnswerTo<'members.export'>> {
  const answer = await exportMembership(ctx, await getMemberRow(ctx, memberId))
  ctx.note(memberId, { auditEntries: answer.audit.length })
  return answer
}

/** What the member's organization holds about it. */
export function exportMembership(ctx: Ctx, row: MemberRow): Promise<AnswerTo<'members.export'>> {
  const org = row.org_id
  return ctx.kernel.database.report(org, async (tx) => {
    const { items, leftOut } = await listActs(tx, org, encodeId('mbr', row.member_id))
    return {
      org: { id: encodeId('org', org), name: await nameOfOrg(tx, org) },
      member: toMember(row),
      records: await selectRecordsOfMember(tx, org, row.member_id, row.email),
      audit: items,
      auditLeftOut: leftOut,
    }
  })
}
