import type pg from 'pg'
import { assignments, sql } from '../database/sql.ts'

/** In the schema `auth`, which only `people` sees. */
export interface PersonRow {
  readonly name: string
  readonly email: string
  readonly locale: string | null
  readonly zone: string | null
  readonly notify_email: string | null
}

export async function selectPerson(people: pg.Pool, person: string): Promise<PersonRow | undefined> {
  const { rows } = await people.query<PersonRow>(sql`select name, email, locale, zone, notify_email from auth.person where id = ${person}`)
  return rows[0]
}

/** Members of `changes` that are undefined stay as they are. */
export async function updatePerson(
  people: pg.Pool,
  person: string,
  changes: { readonly [name in Exclude<keyof PersonRow, 'email'>]?: PersonRow[name] | undefined },
): Promise<void> {
  await people.query(sql`update auth.person set ${assignments({ ...changes, updated_at: new Date() })} where id = ${person}`)
}
