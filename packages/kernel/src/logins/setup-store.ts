import type pg from 'pg'
import type { Transaction } from '../database/database.ts'
import { insertInto, sql } from '../database/sql.ts'

/** @param people sees the schema `auth` alone */
export async function hasPerson(people: pg.Pool): Promise<boolean> {
  return (await people.query(sql`select from auth.person limit 1`)).rows.length > 0
}

/** Removes the links that are no longer good, too. */
export async function insertSetupLink(
  people: pg.Pool,
  link: { readonly hash: Buffer; readonly expires_at: Date },
  now: Date,
): Promise<void> {
  await people.query(sql`delete from auth.setup where expires_at <= ${now}`)
  await people.query(insertInto('auth.setup', link))
}

export interface FirstPersonRow {
  /** A UUID. */
  readonly id: string
  readonly name: string
  readonly email: string
}

/** False: the link is not good at `now`, or there is a person already. */
export async function insertFirstPerson(tx: Transaction, hash: Buffer, { id, name, email }: FirstPersonRow, now: Date): Promise<boolean> {
  const row = await tx.row<{ made: boolean }>(sql`select auth.make_first_person(${hash}, ${now}, ${id}, ${name}, ${email}) as made`)
  return row?.made === true
}
