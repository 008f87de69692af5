import type pg from 'pg'
import type { Database, Transaction } from '../database.ts'
import type { Checkpoint, Link, SealedEntry } from './audit-chain.ts'
import { type AuditEntry, auditCompanion, auditValues } from './audit-entry.ts'

export async function insertEntries(tx: Transaction, entries: readonly AuditEntry[]): Promise<void> {
  const rows = entries.map(auditValues)
  const columns = Array.from({ length: auditCompanion.columns }, (_, at) => rows.map((row) => row[at] ?? null))
  await tx.client.query({ name: 'audit_insert', text: auditCompanion.text, values: columns })
}

export interface AuditFilter {
  readonly action: string | undefined
  readonly subject: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
  /** Entries with a smaller id only. */
  readonly before: string | null
  readonly limit: number
}

export function selectEntries(tx: Transaction, org: string, filter: AuditFilter) {
  let query = tx.kysely
    .selectFrom('app.audit_entry as e')
    .leftJoin('app.audit_seal as s', (join) => join.onRef('s.org_id', '=', 'e.org_id').onRef('s.entry_id', '=', 'e.id'))
    .select([
      'e.id',
      'e.at',
      'e.actor_type',
      'e.actor',
      'e.action',
      'e.subject',
      'e.input_digest',
      'e.detail',
      'e.request_id',
      's.seq',
      's.hash',
    ])
    .where('e.org_id', '=', org)
  if (filter.action !== undefined) query = query.where('e.action', '=', filter.action)
  if (filter.subject !== undefined) query = query.where('e.subject', '=', filter.subject)
  if (filter.since !== undefined) query = query.where('e.at', '>=', filter.since)
  if (filter.until !== undefined) query = query.where('e.at', '<', filter.until)
  if (filter.before !== null) query = query.where('e.id', '<', filter.before)
  return query.orderBy('e.id', 'desc').limit(filter.limit).execute()
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

const ENTRY = 'e.org_id, e.id, e.at, e.actor_type, e.actor, e.action, e.subject, e.input_digest, e.detail, e.request_id'

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

/** Entries `e` behind the position `p` that are sure to have no others before them. */
const BEHIND = '(e.tx, e.id) > (p.tx, p.id) and e.tx < pg_snapshot_xmin(pg_current_snapshot())'

/** $1: a chain whose last checkpoint is older than this is signed again if it has grown. */
const UNSIGNED = `
  from app.org o
  cross join lateral (select seq, hash from app.audit_seal s where s.org_id = o.org_id order by seq desc limit 1) s
  left join lateral (select seq, at from app.audit_checkpoint c where c.org_id = o.org_id order by seq desc limit 1) c on true
  where c.seq is null or (c.seq < s.seq and c.at < $1)`

/** Whether there is anything to seal or to sign: one question, for the many times when there is not. */
export async function isSealingDue(database: Database, signedBefore: Date): Promise<boolean> {
  const [answer] = await database.ask<{ due: boolean }>(
    `select exists (select from app.audit_entry e, app.audit_position p where ${BEHIND}) or exists (select ${UNSIGNED}) as due`,
    [signedBefore],
  )
  return answer?.due === true
}

/** The next entries of all organizations that are sure to have no others before them. Locks the position. */
export async function selectUnsealed(client: pg.ClientBase, limit: number): Promise<{ entry: SealedEntry; tx: string }[]> {
  const { rows } = await client.query<EntryRow & { tx: string }>(
    `with position as (select tx, id from app.audit_position for update)
     select ${ENTRY}, e.tx::text from app.audit_entry e, position p
     where ${BEHIND}
     order by e.tx, e.id limit $1`,
    [limit],
  )
  return rows.map((row) => ({ entry: toSealed(row), tx: row.tx }))
}

/** The last link of each chain. */
export async function selectHeads(client: pg.ClientBase, orgs: readonly string[]): Promise<Map<string, { seq: number; hash: Buffer }>> {
  const { rows } = await client.query<{ org_id: string; seq: string; hash: Buffer }>(
    `select o.org_id, s.seq, s.hash from unnest($1::uuid[]) o(org_id)
     cross join lateral (select seq, hash from app.audit_seal s where s.org_id = o.org_id order by seq desc limit 1) s`,
    [orgs],
  )
  return new Map(rows.map((row) => [row.org_id, { seq: Number(row.seq), hash: row.hash }]))
}

export async function insertSeals(client: pg.ClientBase, links: readonly (Link & { org: string })[]): Promise<void> {
  await client.query(
    `insert into app.audit_seal (org_id, seq, entry_id, previous, hash)
     select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[])`,
    [links.map((l) => l.org), links.map((l) => l.seq), links.map((l) => l.entry), links.map((l) => l.previous), links.map((l) => l.hash)],
  )
}

export async function movePosition(client: pg.ClientBase, tx: string, id: string): Promise<void> {
  await client.query('update app.audit_position set tx = $1::xid8, id = $2', [tx, id])
}

/** Chains whose head no checkpoint covers yet, if their last checkpoint is older than the time given. */
export async function selectUnsigned(
  client: pg.ClientBase,
  signedBefore: Date,
  limit: number,
): Promise<{ org: string; seq: number; hash: Buffer }[]> {
  const { rows } = await client.query<{ org_id: string; seq: string; hash: Buffer }>(
    `select o.org_id, s.seq, s.hash ${UNSIGNED} limit $2`,
    [signedBefore, limit],
  )
  return rows.map((row) => ({ org: row.org_id, seq: Number(row.seq), hash: row.hash }))
}

export async function insertCheckpoint(client: pg.ClientBase, checkpoint: Checkpoint): Promise<void> {
  await client.query('insert into app.audit_checkpoint (org_id, seq, hash, at, key_id, signature) values ($1, $2, $3, $4, $5, $6)', [
    checkpoint.org,
    checkpoint.seq,
    checkpoint.hash,
    checkpoint.at,
    checkpoint.keyId,
    checkpoint.signature,
  ])
}

/** Sealed entries in the order of the chain. */
export async function selectChain(
  tx: Transaction,
  org: string,
  afterSeq: number,
  limit: number,
): Promise<{ entry: SealedEntry; link: Link }[]> {
  const { rows } = await tx.client.query<EntryRow & { seq: string; previous: Buffer; hash: Buffer }>(
    `select ${ENTRY}, s.seq, s.previous, s.hash from app.audit_seal s join app.audit_entry e on e.org_id = s.org_id and e.id = s.entry_id
     where s.org_id = $1 and s.seq > $2 order by s.seq limit $3`,
    [org, afterSeq, limit],
  )
  return rows.map((row) => ({
    entry: toSealed(row),
    link: { seq: Number(row.seq), entry: row.id, previous: row.previous, hash: row.hash },
  }))
}

export async function selectCheckpoints(tx: Transaction, org: string): Promise<Checkpoint[]> {
  const rows = await tx.kysely.selectFrom('app.audit_checkpoint').selectAll().where('org_id', '=', org).orderBy('seq').execute()
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
  const { rows } = await tx.client.query<{ count: string }>(
    `select count(*) from app.audit_entry e
     where e.org_id = $1 and not exists (select from app.audit_seal s where s.org_id = e.org_id and s.entry_id = e.id)`,
    [org],
  )
  return Number(rows[0]?.count ?? 0)
}
