import { problem } from '@orrery/contract'
import { assignments, empty, insertInto, onConstraint, sql, type Transaction } from '@orrery/kernel'
import type { ConnectionRow } from './connection-row.ts'

const COLUMNS = sql`org_id, connection_id, name, settings, secrets, created_at, updated_at`

/** @throws connection.name_taken */
export async function insertConnection(tx: Transaction, row: ConnectionRow): Promise<void> {
  const values = { ...row, settings: JSON.stringify(row.settings), secrets: JSON.stringify(row.secrets) }
  await orNameTaken(row.name, tx.write(insertInto('app.connection', values)))
}

/** @throws connection.name_taken */
export async function changeConnection(tx: Transaction, row: ConnectionRow): Promise<void> {
  const { org_id: org, connection_id: id, name, settings, secrets, updated_at } = row
  const changes = { name, settings: JSON.stringify(settings), secrets: JSON.stringify(secrets), updated_at }
  const write = tx.write(sql`update app.connection set ${assignments(changes)} where org_id = ${org} and connection_id = ${id}`)
  await orNameTaken(name, write)
}

function orNameTaken(name: string, write: Promise<number>): Promise<number> {
  return onConstraint(write, {
    connection_name: () => problem('connection.name_taken', `There is already a connection named ${name}.`),
  })
}

/** Newest first: ids sort by time. */
export function selectConnections(tx: Transaction, org: string, before: string | null, limit: number): Promise<ConnectionRow[]> {
  return tx.rows<ConnectionRow>(
    sql`select ${COLUMNS} from app.connection where org_id = ${org} ${before === null ? empty : sql`and connection_id < ${before}`}
        order by connection_id desc limit ${limit}`,
  )
}

export function selectConnection(tx: Transaction, org: string, connection: string): Promise<ConnectionRow | undefined> {
  return tx.row<ConnectionRow>(sql`select ${COLUMNS} from app.connection where org_id = ${org} and connection_id = ${connection}`)
}

/** Locks the row until the end of the transaction. */
export function lockConnection(tx: Transaction, org: string, connection: string): Promise<ConnectionRow | undefined> {
  return tx.row<ConnectionRow>(
    sql`select ${COLUMNS} from app.connection where org_id = ${org} and connection_id = ${connection} for update`,
  )
}

export function selectConnectionByName(tx: Transaction, org: string, name: string): Promise<ConnectionRow | undefined> {
  return tx.row<ConnectionRow>(sql`select ${COLUMNS} from app.connection where org_id = ${org} and name = ${name}`)
}

/** Returns the deleted row. */
export function removeConnection(tx: Transaction, org: string, connection: string): Promise<ConnectionRow | undefined> {
  return tx.row<ConnectionRow>(sql`delete from app.connection where org_id = ${org} and connection_id = ${connection} returning ${COLUMNS}`)
}

/** Those of these ids (`con_…`, as UUIDs) and names that exist. */
export async function selectExisting(tx: Transaction, org: string, ids: readonly string[], names: readonly string[]): Promise<string[]> {
  const rows = await tx.rows<{ connection_id: string; name: string }>(
    sql`select connection_id, name from app.connection where org_id = ${org} and (connection_id = any (${ids}::uuid[]) or name = any (${names}::text[]))`,
  )
  return rows.flatMap((row) => [row.connection_id, row.name])
}

export type SealedRow = Pick<ConnectionRow, 'org_id' | 'connection_id' | 'secrets'>

/**
 * Locks connections of all organizations that have a secret sealed with one of these keys, ordered by id. Skips rows locked by another
 * process.
 */
export function lockSealedWith(
  tx: Transaction,
  keyIds: readonly string[],
  after: SealedRow | undefined,
  limit: number,
): Promise<SealedRow[]> {
  return tx.rows<SealedRow>(
    sql`select org_id, connection_id, secrets from app.connection c
        where exists (select from json_each_text(c.secrets) s where split_part(s.value, '.', 2) = any (${keyIds}))
          ${after === undefined ? empty : sql`and (org_id, connection_id) > (${after.org_id}, ${after.connection_id})`}
        order by org_id, connection_id limit ${limit} for update skip locked`,
  )
}

export async function changeSecrets(tx: Transaction, { org_id: org, connection_id: id, secrets }: SealedRow): Promise<void> {
  await tx.write(sql`update app.connection set secrets = ${JSON.stringify(secrets)} where org_id = ${org} and connection_id = ${id}`)
}
