import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toInvitation } from './invitation-row.ts'
import { selectInvitations } from './invitation-store.ts'

export async function listInvitations(ctx: Ctx, input: InputFor<'invitations.list'>): Promise<AnswerTo<'invitations.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectInvitations(tx, ctx.org, before, input.limit + 1))
  const now = ctx.clock.now()
  return toPage(
    rows,
    input.limit,
    (row) => toInvitation(row, now),
    (row) => [row.invitation_id],
  )
}
