import type { Database } from '../database/database.ts'
import { selectPersonByEmail } from './person-store.ts'

/** The id (a UUID) of the person with this e-mail address. Null: no person has it. */
export async function findPerson({ people }: Pick<Database, 'people'>, email: string): Promise<string | null> {
  return (await selectPersonByEmail(people, email)) ?? null
}

/** Whether a person has this e-mail address. */
export async function isKnownPerson(database: Pick<Database, 'people'>, email: string): Promise<boolean> {
  return (await findPerson(database, email)) !== null
}
