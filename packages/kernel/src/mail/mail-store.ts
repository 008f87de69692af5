import type pg from 'pg'
import type { Transaction } from '../database/database.ts'
import { insertInto, sql } from '../database/sql.ts'

export interface MailRow {
  readonly id: string
  readonly recipient: string
  readonly subject: string
  /** Sealed. */
  readonly body: string
  readonly queued_at: Date
  readonly expires_at: Date
  readonly attempts: number
}

type NewMail = Pick<MailRow, 'id' | 'recipient' | 'subject' | 'body' | 'queued_at' | 'expires_at'>

/** Adds a mail in the transaction of what it is about. */
export async function insertMail(tx: Transaction, row: NewMail): Promise<void> {
  await tx.write(insertInto('auth.mail', { ...row, next_at: row.queued_at }))
}

/** Removes a mail that was not sent. */
export async function deleteUnsent(people: pg.Pool, id: string): Promise<void> {
  await people.query(sql`delete from auth.mail where id = ${id} and sent_at is null`)
}

/** Counts an attempt of each mail that is due, and lets no process try it again before `until`. The oldest first. */
export async function claimMails(people: pg.Pool, { now, until, limit }: { now: Date; until: Date; limit: number }): Promise<MailRow[]> {
  const { rows } = await people.query<MailRow>(
    sql`update auth.mail m set next_at = ${until}, attempts = attempts + 1
        where id in (
          select id from auth.mail where next_at <= ${now} and expires_at > ${now} order by next_at limit ${limit} for update skip locked
        )
        returning id, recipient, subject, body, queued_at, expires_at, attempts`,
  )
  return rows
}

export async function markSent(people: pg.Pool, id: string, at: Date): Promise<void> {
  await people.query(sql`update auth.mail set sent_at = ${at}, next_at = null, body = null, last_error = null where id = ${id}`)
}

export async function markRefused(people: pg.Pool, id: string, reason: string): Promise<void> {
  await people.query(sql`update auth.mail set next_at = null, body = null, last_error = ${reason} where id = ${id}`)
}

/** A mail that has ended meanwhile stays as it is. */
export async function markFailed(people: pg.Pool, id: string, { reason, nextAt }: { reason: string; nextAt: Date }): Promise<void> {
  await people.query(sql`update auth.mail set next_at = ${nextAt}, last_error = ${reason} where id = ${id} and next_at is not null`)
}

/** Ends the mails whose links are no longer good. What the last attempt failed of stays readable. */
export async function endExpired(people: pg.Pool, now: Date): Promise<void> {
  await people.query(
    sql`update auth.mail set next_at = null, body = null, last_error = coalesce(last_error, 'It was not sent before it expired.')
        where next_at is not null and expires_at <= ${now}`,
  )
}

/** Removes mails that were sent, or have expired, before this time. */
export async function deleteEnded(people: pg.Pool, before: Date): Promise<void> {
  await people.query(sql`delete from auth.mail where next_at is null and (sent_at < ${before} or expires_at < ${before})`)
}

/** Mails that wait, newest first. */
export async function selectWaiting(people: pg.Pool, now: Date, limit: number): Promise<MailRow[]> {
  const { rows } = await people.query<MailRow>(
    sql`select id, recipient, subject, body, queued_at, expires_at, attempts from auth.mail
        where next_at is not null and expires_at > ${now} order by queued_at desc, id desc limit ${limit}`,
  )
  return rows
}
