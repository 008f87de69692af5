import type { Database, Transaction } from '../database/database.ts'
import { empty, insertInto, sql } from '../database/sql.ts'
import type { Checkpoint, Link, SealedEntry } from './audit-chain.ts'
import { AUDIT_COLUMNS, type AuditEntry, auditValues } from './audit-entry.ts'

const TYPES = ['uuid', 'uuid', 'timestamptz', 'text', 'text', 'text', 'text', 'text', 'json', 'text'] as const

/**
 * Inserts any number of entries: each parameter is an array with the values of one column. A plain text, because the engine's group commit
 * uses it too.
 */
export const INSERT_ENTRIES = `insert into app.audit_entry (${AUDIT_COLUMNS.join(', ')})
select * from unnest(${TYPES.map((type, at) => `$${at + 1}::${type}[]`).join(', ')})`

export async function insertEntries(tx: Transaction, entries: readonly AuditEntry[]): Promise<void> {
  const rows = entries.map(auditValues)
  const columns = Array.from({ length: AUDIT_COLUMNS.length }, (_, at) => rows.map((row) => row[at] ?? null))
  await tx.write({ name: 'audit_insert', text: INSERT_ENTRIES, values: columns })
}

export interface AuditFilter {
  readonly action: string | undefined
  readonly subject: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
  /** Only entries with a smaller id. */
  readonly before: string | null
  readonly limit: number
}

/** The present names of members and keys (UUIDs), by id. */
export async function selectNames(tx: Transaction, org: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.rows<{ id: string; name: string }>(
    sql`select m.member_id as id, m.name from app.member m where m.org_id = ${org} and m.member_id = any (${[...ids]}::uuid[])
        union all select k.key_id, k.name from app.api_key k where k.org_id = ${org} and k.key_id = any (${[...ids]}::uuid[])`,
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** What an actor (a public id) did, newest first, and how often. Reads the whole log of the organization: for reports. */
export async function selectActs(
  tx: Transaction,
  org: string,
  actor: string,
  limit: number,
): Promise<{ rows: ListedEntry[]; count: number }> {
  const rows = await tx.rows<ListedEntry>(
    sql`select ${ENTRY}, s.seq, s.hash from app.audit_entry e
        left join app.audit_seal s on s.org_id = e.org_id and s.entry_id = e.id
        where e.org_id = ${org} and e.actor = ${actor} order by e.id desc limit ${limit}`,
  )
  if (rows.length < limit) return { rows, count: rows.length }
  const row = await tx.row<{ count: number }>(
    sql`select count(*)::int as count from app.audit_entry e where e.org_id = ${org} and e.actor = ${actor}`,
  )
  return { rows, count: row?.count ?? rows.length }
}

export type ListedEntry = EntryRow & { readonly seq: string | null; readonly hash: Buffer | null }

export function selectEntries(tx: Transaction, org: string, filter: AuditFilter): Promise<ListedEntry[]> {
  const { action, subject, since, until, before } = filter
  return tx.rows<ListedEntry>(
    sql`select ${ENTRY}, s.seq, s.hash from app.audit_entry e
        left join app.audit_seal s on s.org_id = e.org_id and s.entry_id = e.id
        where e.org_id = ${org} ${action === undefined ? empty : sql`and e.action = ${action}`}
          ${subject === undefined ? empty : sql`and e.subject = ${subject}`} ${since === undefined ? empty : sql`and e.at >= ${since}`}
          ${until === undefined ? empty : sql`and e.at < ${until}`} ${before === null ? empty : sql`and e.id < ${before}`}
        order by e.id desc limit ${filter.limit}`,
  )
}

interface EntryRow {
  org_id: string
  id: string
  at: Date
  actor_type: string
  actor: string
  action: string
  subject: string
  input_digest: string
  detail: unknown
  request_id: string
}

const ENTRY = sql`e.org_id, e.id, e.at, e.actor_type, e.actor, e.action, e.subject, e.input_digest, e.detail, e.request_id`

function toSealed(row: EntryRow): SealedEntry {
  return {
    org: row.org_id,
    id: row.id,
    at: row.at.toISOString(),
    actorType: row.actor_type,
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    inputDigest: row.input_digest,
    detail: row.detail,
    requestId: row.request_id,
  }
}

/** Entries `e` after the position `p`, of transactions older than every one in progress: no earlier entry can appear before them. */
const READY = sql`(e.tx, e.id) > (p.tx, p.id) and e.tx < pg_snapshot_xmin(pg_current_snapshot())`

/** The chains that have grown since their last checkpoint, if that is older than `signedBefore`. */
const unsigned = (signedBefore: Date) => sql`
  from app.org o
  cross join lateral (select seq, hash from app.audit_seal s where s.org_id = o.org_id order by seq desc limit 1) s
  left join lateral (select seq, at from app.audit_checkpoint c where c.org_id = o.org_id order by seq desc limit 1) c on true
  where c.seq is null or (c.seq < s.seq and c.at < ${signedBefore})`

/** Whether there is something to seal or to sign, in all organizations. A single query, because most of the time there is nothing to do. */
export async function isSealingDue(database: Database, signedBefore: Date): Promise<boolean> {
  const [answer] = await database.ask<{ due: boolean }>(
    sql`select exists (select from app.audit_entry e, app.audit_position p where ${READY}) or exists (select ${unsigned(signedBefore)}) as due`,
  )
  return answer?.due === true
}

/** The next entries of all organizations that can be sealed: no earlier entry can appear any more. Locks the position. */
export async function selectUnsealed(tx: Transaction, limit: number): Promise<{ entry: SealedEntry; tx: string }[]> {
  const rows = await tx.rows<EntryRow & { tx: string }>(
    sql`with position as (select tx, id from app.audit_position for update)
     select ${ENTRY}, e.tx::text from app.audit_entry e, position p
     where ${READY}
     order by e.tx, e.id limit ${limit}`,
  )
  return rows.map((row) => ({ entry: toSealed(row), tx: row.tx }))
}

/** The last link of each chain. */
export async function selectHeads(tx: Transaction, orgs: readonly string[]): Promise<Map<string, { seq: number; hash: Buffer }>> {
  const rows = await tx.rows<{ org_id: string; seq: string; hash: Buffer }>(
    sql`select o.org_id, s.seq, s.hash from unnest(${orgs}::uuid[]) o(org_id)
        cross join lateral (select seq, hash from app.audit_seal s where s.org_id = o.org_id order by seq desc limit 1) s`,
  )
  return new Map(rows.map((row) => [row.org_id, { seq: Number(row.seq), hash: row.hash }]))
}

export async function insertSeals(tx: Transaction, links: readonly (Link & { org: string })[]): Promise<void> {
  await tx.write(
    sql`insert into app.audit_seal (org_id, seq, entry_id, previous, hash)
        select * from unnest(${links.map((l) => l.org)}::uuid[], ${links.map((l) => l.seq)}::bigint[], ${links.map((l) => l.entry)}::uuid[],
          ${links.map((l) => l.previous)}::bytea[], ${links.map((l) => l.hash)}::bytea[])`,
  )
}

/** Lets one process at a time seal, until its transaction ends. False: another process is sealing. */
export async function lockSealing(tx: Transaction): Promise<boolean> {
  const row = await tx.row<{ leader: boolean }>(sql`select pg_try_advisory_xact_lock(hashtext('orrery seal audit')) as leader`)
  return row?.leader === true
}

export async function movePosition(tx: Transaction, position: { readonly tx: string; readonly id: string }): Promise<void> {
  await tx.write(sql`update app.audit_position set tx = ${position.tx}::xid8, id = ${position.id}`)
}

/** The heads of the chains that need a new checkpoint. */
export async function selectUnsigned(
  tx: Transaction,
  signedBefore: Date,
  limit: number,
): Promise<{ org: string; seq: number; hash: Buffer }[]> {
  const rows = await tx.rows<{ org_id: string; seq: string; hash: Buffer }>(
    sql`select o.org_id, s.seq, s.hash ${unsigned(signedBefore)} limit ${limit}`,
  )
  return rows.map((row) => ({ org: row.org_id, seq: Number(row.seq), hash: row.hash }))
}

export async function insertCheckpoint(tx: Transaction, { org, seq, hash, at, keyId, signature }: Checkpoint): Promise<void> {
  await tx.write(insertInto('app.audit_checkpoint', { org_id: org, seq, hash, at, key_id: keyId, signature }))
}

/** Sealed entries in the order of the chain. */
export async function selectChain(
  tx: Transaction,
  org: string,
  afterSeq: number,
  limit: number,
): Promise<{ entry: SealedEntry; link: Link }[]> {
  const rows = await tx.rows<EntryRow & { seq: string; previous: Buffer; hash: Buffer }>(
    sql`select ${ENTRY}, s.seq, s.previous, s.hash from app.audit_seal s join app.audit_entry e on e.org_id = s.org_id and e.id = s.entry_id
     where s.org_id = ${org} and s.seq > ${afterSeq} order by s.seq limit ${limit}`,
  )
  return rows.map((row) => ({
    entry: toSealed(row),
    link: { seq: Number(row.seq), entry: row.id, previous: row.previous, hash: row.hash },
  }))
}

export async function selectCheckpoints(tx: Transaction, org: string): Promise<Checkpoint[]> {
  const rows = await tx.rows<{ org_id: string; seq: string; hash: Buffer; at: Date; key_id: string; signature: Buffer }>(
    sql`select org_id, seq, hash, at, key_id, signature from app.audit_checkpoint where org_id = ${org} order by seq`,
  )
  return rows.map((row) => ({
    org: row.org_id,
    seq: Number(row.seq),
    hash: row.hash,
    at: row.at.toISOString(),
    keyId: row.key_id,
    signature: row.signature,
  }))
}

export async function countUnsealed(tx: Transaction, org: string): Promise<number> {
  const row = await tx.row<{ count: string }>(
    sql`select count(*) from app.audit_entry e
        where e.org_id = ${org} and not exists (select from app.audit_seal s where s.org_id = e.org_id and s.entry_id = e.id)`,
  )
  return Number(row?.count ?? 0)
}
