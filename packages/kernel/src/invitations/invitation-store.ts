import type { Transaction } from '../database/database.ts'
import { assignments, empty, insertInto, sql } from '../database/sql.ts'
import type { InvitationRow } from './invitation-row.ts'

const COLUMNS = sql`org_id, invitation_id, email, name, role, mail_id, invited_by, created_at, expires_at, accepted_at, revoked_at`

/** The index `invitation_open` refuses a second open invitation of an address. */
export async function insertInvitation(tx: Transaction, row: InvitationRow, hash: Buffer): Promise<void> {
  await tx.write(insertInto('app.invitation', { ...row, hash }))
}

/** Newest first, because ids sort by creation time. */
export function selectInvitations(tx: Transaction, org: string, before: string | null, limit: number): Promise<InvitationRow[]> {
  return tx.rows<InvitationRow>(
    sql`select ${COLUMNS} from app.invitation where org_id = ${org} ${before === null ? empty : sql`and invitation_id < ${before}`}
        order by invitation_id desc limit ${limit}`,
  )
}

export function lockInvitation(tx: Transaction, org: string, invitation: string): Promise<InvitationRow | undefined> {
  return tx.row<InvitationRow>(
    sql`select ${COLUMNS} from app.invitation where org_id = ${org} and invitation_id = ${invitation} for update`,
  )
}

/**
 * The invitation whose link has the secret with this hash, in all organizations, because it is not known yet which one invites. The policy
 * `by_secret` makes the row visible to a transaction that has set the hash.
 */
export async function selectByHash(tx: Transaction, hash: Buffer): Promise<InvitationRow | undefined> {
  await tx.row(sql`select set_config('app.invitation_hash', ${hash.toString('hex')}, true)`)
  return tx.row<InvitationRow>(sql`select ${COLUMNS} from app.invitation where hash = ${hash}`)
}

export function lockByHash(tx: Transaction, org: string, hash: Buffer): Promise<InvitationRow | undefined> {
  return tx.row<InvitationRow>(sql`select ${COLUMNS} from app.invitation where org_id = ${org} and hash = ${hash} for update`)
}

export async function selectOrgName(tx: Transaction, org: string): Promise<string> {
  return (await tx.row<{ name: string }>(sql`select name from app.org where org_id = ${org}`))?.name ?? ''
}

interface Changes {
  readonly hash?: Buffer
  readonly mail_id?: string
  readonly expires_at?: Date
  readonly accepted_at?: Date
  readonly revoked_at?: Date
}

export async function updateInvitation(tx: Transaction, row: InvitationRow, changes: Changes): Promise<InvitationRow> {
  await tx.write(
    sql`update app.invitation set ${assignments(changes)} where org_id = ${row.org_id} and invitation_id = ${row.invitation_id}`,
  )
  return { ...row, ...changes }
}

/** Revokes the invitation of an address that has expired without an answer, so that the address can be invited again. */
export async function revokeExpired(tx: Transaction, org: string, email: string, now: Date): Promise<void> {
  await tx.write(
    sql`update app.invitation set revoked_at = ${now}
        where org_id = ${org} and lower(email) = lower(${email}) and accepted_at is null and revoked_at is null and expires_at <= ${now}`,
  )
}
