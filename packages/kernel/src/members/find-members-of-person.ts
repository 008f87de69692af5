import { type Database, NO_ORG } from '../database/database.ts'
import { seePerson } from '../database/session-settings.ts'
import type { MemberOfPersonRow } from './member-row.ts'
import { selectMembersOfPerson } from './member-store.ts'

/** What a person (a UUID) is in each organization, in the order in which they joined. */
export function findMembersOfPerson(database: Database, person: string): Promise<MemberOfPersonRow[]> {
  return database.transaction(NO_ORG, 'read only', async (tx) => {
    await seePerson(tx, person)
    return selectMembersOfPerson(tx, person)
  })
}
