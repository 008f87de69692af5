import { problem } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import type { ConnectionRow } from './connection-row.ts'

const COLUMNS = ['org_id', 'connection_id', 'name', 'settings', 'secrets', 'created_at', 'updated_at'] as const

/** @throws connection.name_taken */
export async function insertConnection(tx: Transaction, row: ConnectionRow): Promise<void> {
  await orNameTaken(
    row.name,
    tx.kysely
      .insertInto('app.connection')
      .values({ ...row, settings: JSON.stringify(row.settings), secrets: JSON.stringify(row.secrets) })
      .execute(),
  )
}

/** @throws connection.name_taken */
export async function changeConnection(tx: Transaction, row: ConnectionRow): Promise<void> {
  await orNameTaken(
    row.name,
    tx.kysely
      .updateTable('app.connection')
      .set({
        name: row.name,
        settings: JSON.stringify(row.settings),
        secrets: JSON.stringify(row.secrets),
        updated_at: row.updated_at,
      })
      .where('org_id', '=', row.org_id)
      .where('connection_id', '=', row.connection_id)
      .execute(),
  )
}

/** Newest first: ids sort by time. */
export function selectConnections(tx: Transaction, org: string, before: string | null, limit: number): Promise<ConnectionRow[]> {
  let query = tx.kysely.selectFrom('app.connection').select(COLUMNS).where('org_id', '=', org)
  if (before !== null) query = query.where('connection_id', '<', before)
  return query.orderBy('connection_id', 'desc').limit(limit).execute()
}

export function selectConnection(tx: Transaction, org: string, connection: string): Promise<ConnectionRow | undefined> {
  return tx.kysely
    .selectFrom('app.connection')
    .select(COLUMNS)
    .where('org_id', '=', org)
    .where('connection_id', '=', connection)
    .executeTakeFirst()
}

/** Nobody else changes it before the end of the transaction. */
export function lockConnection(tx: Transaction, org: string, connection: string): Promise<ConnectionRow | undefined> {
  return tx.kysely
    .selectFrom('app.connection')
    .select(COLUMNS)
    .where('org_id', '=', org)
    .where('connection_id', '=', connection)
    .forUpdate()
    .executeTakeFirst()
}

export function selectConnectionByName(tx: Transaction, org: string, name: string): Promise<ConnectionRow | undefined> {
  return tx.kysely.selectFrom('app.connection').select(COLUMNS).where('org_id', '=', org).where('name', '=', name).executeTakeFirst()
}

/** The row as it was. */
export function removeConnection(tx: Transaction, org: string, connection: string): Promise<ConnectionRow | undefined> {
  return tx.kysely
    .deleteFrom('app.connection')
    .where('org_id', '=', org)
    .where('connection_id', '=', connection)
    .returning(COLUMNS)
    .executeTakeFirst()
}

async function orNameTaken(name: string, written: Promise<unknown>): Promise<void> {
  try {
    await written
  } catch (error) {
    // The index decides: two requests may look at the same moment. The transaction is over, and nothing of it stays.
    if (error instanceof Error && 'constraint' in error && error.constraint === 'connection_name')
      throw problem('connection.name_taken', `There is a connection named ${name} already.`)
    throw error
  }
}
