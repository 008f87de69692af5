import type { Database } from '../database/database.ts'
import { type ClientRow, selectClient } from './consent-store.ts'

/** A client of OAuth, as it is shown to people. */
export interface KnownClient {
  readonly id: string
  /** What it calls itself. */
  readonly name: string
  /** The host that vouches for it by a document about it. Null: it registered itself, so anyone may have given it that name. */
  readonly host: string | null
}

/** Null: there is no such client, or it was disabled. */
export async function findClient({ people }: Database, id: string): Promise<KnownClient | null> {
  const row = await selectClient(people, id)
  return row === undefined ? null : toKnownClient(row)
}

export function toKnownClient({ client_id: id, name, discovered_by }: ClientRow): KnownClient {
  return { id, name: name ?? 'A program without a name', host: discovered_by === null ? null : new URL(id).host }
}
