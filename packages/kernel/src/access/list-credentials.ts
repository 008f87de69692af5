import { getAgent } from '../agents/get-agent.ts'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toUuid } from '../public-ids.ts'
import { toCredential } from './credential-row.ts'
import { selectCredentials } from './credential-store.ts'

export async function listCredentials(ctx: Ctx, input: InputFor<'credentials.list'>): Promise<AnswerTo<'credentials.list'>> {
  const { agentId, cursor, limit } = input
  const [before = null] = decodeCursor(cursor, [UUID_FORM]) ?? []
  await getAgent(ctx, { agentId })
  const of = { org: ctx.org, agent: toUuid('agt', agentId) }
  const rows = await withOrg(ctx, (tx) => selectCredentials(tx, of, before, limit + 1))
  return toPage(rows, limit, toCredential, (row) => [row.credential_id])
}
