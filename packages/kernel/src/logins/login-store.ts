import type pg from 'pg'
import type { LoginMethod } from '../context/identity.ts'
import { sql } from '../database/sql.ts'

/** All of it is in the schema `auth`, which only `people` sees, each statement in a transaction of its own. */
export interface LoginRow {
  readonly id: string
  readonly person_id: string
  readonly last_org: string | null
  readonly client: string | null
  readonly administers_installation: boolean
  readonly method: LoginMethod
  readonly proved_at: Date
  readonly expires_at: Date
  readonly created_at: Date
  readonly used_at: Date | null
}

/** A login as its person sees it. */
export interface DeviceRow {
  readonly id: string
  readonly method: LoginMethod
  readonly created_at: Date
  readonly used_at: Date | null
  readonly ip_address: string | null
  readonly user_agent: string | null
}

export async function selectLogin(people: pg.Pool, token: string): Promise<LoginRow | undefined> {
  const { rows } = await people.query<LoginRow>(
    sql`select l.id, l.person_id, l.last_org, l.client, p.administers_installation, l.method, l.proved_at, l.expires_at, l.created_at, l.used_at
        from auth.login l join auth.person p on p.id = l.person_id where l.token = ${token}`,
  )
  return rows[0]
}

export async function touchLogin(people: pg.Pool, login: string, at: Date): Promise<void> {
  await people.query(sql`update auth.login set used_at = ${at} where id = ${login}`)
}

export async function setLastOrg(people: pg.Pool, login: string, org: string): Promise<void> {
  await people.query(sql`update auth.login set last_org = ${org} where id = ${login}`)
}

interface Alive {
  readonly person: string
  /** The logins that have not expired by then, and were made after `since`. */
  readonly at: Date
  readonly since: Date
}

const DEVICE = sql`id, method, created_at, used_at, ip_address, user_agent`

/** Newest first. */
export async function selectDevices(people: pg.Pool, { person, at, since }: Alive, limit: number): Promise<DeviceRow[]> {
  const { rows } = await people.query<DeviceRow>(
    sql`select ${DEVICE} from auth.login where person_id = ${person} and expires_at > ${at} and created_at > ${since}
        order by created_at desc, id limit ${limit}`,
  )
  return rows
}

/** The login expires, rather than being deleted, so that the call can be repeated if its transaction cannot commit. */
export async function endLogin(
  people: pg.Pool,
  { person, login, at }: { readonly person: string; readonly login: string; readonly at: Date },
): Promise<DeviceRow | undefined> {
  const { rows } = await people.query<DeviceRow>(
    sql`update auth.login set expires_at = least(expires_at, ${at}) where person_id = ${person} and id = ${login} returning ${DEVICE}`,
  )
  return rows[0]
}

/** Deletes the logins that ended, or were last used, before these times, and links and challenges that have expired. */
export async function deleteEndedLogins(people: pg.Pool, { ended, used }: { readonly ended: Date; readonly used: Date }): Promise<void> {
  await people.query(sql`delete from auth.login where expires_at < ${ended} or coalesce(used_at, created_at) < ${used}`)
  await people.query(sql`delete from auth.verification where expires_at < ${ended}`)
}

/** Returns how many there were. */
export async function endOtherLogins(
  people: pg.Pool,
  { person, kept, at }: { readonly person: string; readonly kept: string; readonly at: Date },
): Promise<number> {
  const ended = await people.query(
    sql`update auth.login set expires_at = ${at} where person_id = ${person} and id <> ${kept} and expires_at > ${at}`,
  )
  return ended.rowCount ?? 0
}
