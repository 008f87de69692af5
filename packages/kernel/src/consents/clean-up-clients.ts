import type { Database } from '../database/database.ts'
import { deleteUnusedClients } from './consent-store.ts'

/** How long a client without a consent is kept. */
const UNUSED_CLIENT_DAYS = 7
/** Anyone can register a client, so those without a consent are limited. */
const UNUSED_CLIENTS_MAX = 1000

/** Deletes old clients without a consent. False: no further one may be registered now, because too many remain. */
export async function cleanUpClients({ people }: Database, nowMs: number): Promise<boolean> {
  return (await deleteUnusedClients(people, new Date(nowMs - UNUSED_CLIENT_DAYS * 24 * 3_600_000))) < UNUSED_CLIENTS_MAX
}
