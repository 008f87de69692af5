import { encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { acrossOrgs } from '../context/with-org.ts'
import { decodeCursor, TEXT_FORM, toPage } from '../cursor.ts'
import { type OrgRow, selectOrgs } from './org-store.ts'

export async function listOrgs(ctx: Ctx, input: InputFor<'orgs.list'>): Promise<AnswerTo<'orgs.list'>> {
  const [after = null] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const rows = await acrossOrgs(ctx, (tx) => selectOrgs(tx, after, input.limit + 1))
  return toPage(rows, input.limit, toOrg, (row) => [row.name])
}

export function toOrg(row: OrgRow) {
  return { id: encodeId('org', row.org_id), name: row.name, createdAt: row.created_at.toISOString() }
}
