import { auditEntry, encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { type ListedEntry, selectEntries } from './audit-store.ts'

export async function listAuditEntries(ctx: Ctx, input: InputFor<'audit.list'>): Promise<AnswerTo<'audit.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const filter = {
    action: input.action,
    subject: input.subject,
    since: input.since === undefined ? undefined : new Date(input.since),
    until: input.until === undefined ? undefined : new Date(input.until),
    before,
    limit: input.limit + 1,
  }
  const rows = await withOrg(ctx, (tx) => selectEntries(tx, ctx.org, filter))
  return toPage(rows, input.limit, toAuditEntry, (row) => [row.id])
}

function toAuditEntry(row: ListedEntry): AnswerTo<'audit.list'>['items'][number] {
  return {
    id: encodeId('aud', row.id),
    action: row.action,
    actorType: auditEntry.shape.actorType.parse(row.actor_type),
    actor: row.actor,
    subject: row.subject,
    inputDigest: row.input_digest,
    detail: row.detail as AnswerTo<'audit.list'>['items'][number]['detail'],
    requestId: row.request_id,
    at: row.at.toISOString(),
    seal: row.seq === null || row.hash === null ? null : { seq: Number(row.seq), hash: row.hash.toString('hex') },
  }
}
