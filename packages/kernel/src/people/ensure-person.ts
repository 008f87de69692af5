import type { Database } from '../database/database.ts'
import { findPerson } from './find-person.ts'
import { insertPerson } from './person-store.ts'

export interface EnsuredPerson {
  /** A UUID. */
  readonly id: string
  /** Whether this call made the person. Of several calls at once, one has. */
  readonly isNew: boolean
}

/** Finds the person with this e-mail address, or makes one. For callers that know that the address is the person's own. */
export async function ensurePerson(database: Pick<Database, 'people'>, person: { email: string; name: string }): Promise<EnsuredPerson> {
  const made = await insertPerson(database.people, person)
  if (made !== undefined) return { id: made, isNew: true }
  const found = await findPerson(database, person.email)
  if (found === null) throw new Error('The person was removed at the same time')
  return { id: found, isNew: false }
}
