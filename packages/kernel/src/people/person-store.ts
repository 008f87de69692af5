import type pg from 'pg'
import { sql } from '../database/sql.ts'

/** Addresses of people are stored in lower case, as the login library looks for them. */
export async function selectPersonByEmail(people: pg.Pool, email: string): Promise<string | undefined> {
  const { rows } = await people.query<{ id: string }>(sql`select id from auth.person where email = ${email.toLowerCase()}`)
  return rows[0]?.id
}

/** Undefined: there is a person with this address. */
export async function insertPerson(people: pg.Pool, { email, name }: { email: string; name: string }): Promise<string | undefined> {
  const { rows } = await people.query<{ id: string }>(
    sql`insert into auth.person (name, email, email_verified) values (${name}, ${email.toLowerCase()}, true)
        on conflict (email) do nothing returning id`,
  )
  return rows[0]?.id
}
