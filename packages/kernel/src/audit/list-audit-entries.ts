import { auditEntry, decodeId, encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import type { Transaction } from '../database/database.ts'
import { type ListedEntry, selectActs, selectEntries, selectNames } from './audit-store.ts'

type Entry = AnswerTo<'audit.list'>['items'][number]

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
  const [rows, nameOf] = await withOrg(ctx, async (tx) => {
    const found = await selectEntries(tx, ctx.org, filter)
    return [found, await findNames(tx, ctx.org, found)] as const
  })
  return toPage(
    rows,
    input.limit,
    (row) => toAuditEntry(row, nameOf),
    (row) => [row.id],
  )
}

const ACTS_MAX = 1000

/** What an actor did, newest first, and how many older entries were left out. For reports. @param actor a public id */
export async function listActs(tx: Transaction, org: string, actor: string): Promise<{ items: Entry[]; leftOut: number }> {
  const { rows, count } = await selectActs(tx, org, actor, ACTS_MAX)
  const nameOf = await findNames(tx, org, rows.slice(0, 1))
  return { items: rows.map((row) => toAuditEntry(row, nameOf)), leftOut: count - rows.length }
}

type NameOf = (row: ListedEntry) => string | null

/** The log holds no names of people, so that it stays as it is when a person is deleted. */
async function findNames(tx: Transaction, org: string, rows: readonly ListedEntry[]): Promise<NameOf> {
  const ids = new Set(rows.flatMap((row) => uuidOf(row) ?? []))
  const names = await selectNames(tx, org, [...ids])
  return (row) => names.get(uuidOf(row) ?? '') ?? (row.actor_type === 'member' ? 'removed member' : null)
}

function uuidOf({ actor_type: type, actor }: ListedEntry): string | null {
  return type === 'member' ? decodeId('mbr', actor) : type === 'api_key' ? decodeId('key', actor) : null
}

function toAuditEntry(row: ListedEntry, nameOf: NameOf): Entry {
  return {
    id: encodeId('aud', row.id),
    action: row.action,
    actorType: auditEntry.shape.actorType.parse(row.actor_type),
    actor: row.actor,
    actorName: nameOf(row),
    subject: row.subject,
    inputDigest: row.input_digest,
    detail: row.detail as Entry['detail'],
    requestId: row.request_id,
    at: row.at.toISOString(),
    seal: row.seq === null || row.hash === null ? null : { seq: Number(row.seq), hash: row.hash.toString('hex') },
  }
}
