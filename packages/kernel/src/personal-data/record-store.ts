import type { Json } from '@orrery/contract'
import type pg from 'pg'
import type { Transaction } from '../database/database.ts'
import { sql } from '../database/sql.ts'
import type { AddressForms } from './address-forms.ts'

/** Rows of one kind in an export. */
const RECORDS_MAX = 1000

export interface PersonalRecord {
  readonly kind: string
  readonly data: Json
}

/** What an organization holds about a member, besides the member itself. */
export function selectRecordsOfMember(tx: Transaction, org: string, member: string, email: string): Promise<PersonalRecord[]> {
  return tx.rows<PersonalRecord>(sql`select kind, data from app.records_of(${org}, ${member}, ${email}, ${RECORDS_MAX})`)
}

/** Deletes what an organization holds about a member that was removed. The transaction sees that organization. */
export async function deleteRecordsOfMember(tx: Transaction, org: string, member: string, email: string): Promise<void> {
  await tx.rows(sql`select app.forget_member(${org}, ${member}, ${email})`)
}

export interface StoredPersonRow {
  readonly name: string
  readonly email: string
  readonly data: Json
}

/** @param people sees the schema `auth` alone */
export async function selectPerson(people: pg.Pool, person: string): Promise<StoredPersonRow | undefined> {
  const { rows } = await people.query<StoredPersonRow>(
    sql`select p.name, p.email, to_jsonb(p) - 'id' as data from auth.person p where p.id = ${person}`,
  )
  return rows[0]
}

/** Rows of a person, and mails to its address. @param people sees the schema `auth` alone */
export async function selectRecordsOfPerson(people: pg.Pool, person: string, email: string): Promise<PersonalRecord[]> {
  const { rows } = await people.query<PersonalRecord>(sql`select kind, data from auth.records_of(${person}, ${email}, ${RECORDS_MAX})`)
  return rows
}

/** `member`, `last_administrator`: why it was not deleted. */
export type PersonOutcome = 'deleted' | 'member' | 'last_administrator' | 'unknown'

/** Deletes a person that is a member of no organization any more, with all that refers to it. */
export async function deletePerson(tx: Transaction, person: string, { needles, pattern }: AddressForms): Promise<PersonOutcome> {
  const row = await tx.row<{ outcome: PersonOutcome }>(
    sql`select auth.delete_person(${person}, ${[...needles]}::text[], ${pattern}) as outcome`,
  )
  return row?.outcome ?? 'unknown'
}
