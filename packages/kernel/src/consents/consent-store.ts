import type pg from 'pg'
import type { LoginMethod } from '../context/identity.ts'
import type { Transaction } from '../database/database.ts'
import { empty, sql } from '../database/sql.ts'
import type { OAuthClaims } from './oauth-token.ts'

export interface ClientRow {
  readonly client_id: string
  readonly name: string | null
  readonly uri: string | null
  /** Null: the client registered itself, so nothing of what it says of itself was checked. */
  readonly discovered_by: string | null
}

interface AllowedClientRow extends ClientRow {
  /** How the login was made in which the person allowed the client. */
  readonly method: LoginMethod
  readonly used_at: Date | null
}

/** @param people sees the schema `auth` alone */
export async function selectClient(people: pg.Pool, client: string): Promise<ClientRow | undefined> {
  const { rows } = await people.query<ClientRow>(
    sql`select client_id, name, uri, discovered_by from auth.oauth_client where client_id = ${client} and disabled is not true`,
  )
  return rows[0]
}

/**
 * The client of an access token, if its person still allows it: the consent, the login in which it was given, and the client are there, and
 * none of the tokens that began with the same code was revoked.
 */
export async function selectAllowedClient(
  people: pg.Pool,
  claims: OAuthClaims,
  at: Date,
  usedSince: Date,
): Promise<AllowedClientRow | undefined> {
  const { client, person, org, login, grant } = claims
  const { rows } = await people.query<AllowedClientRow>(
    sql`select c.client_id, c.name, c.uri, c.discovered_by, l.method, l.used_at
        from auth.oauth_client c
          join auth.oauth_consent o on o.client_id = c.client_id and o.person_id = ${person} and o.in_org = ${org}
          join auth.login l on l.id = ${login} and l.person_id = ${person} and l.expires_at > ${at} and coalesce(l.used_at, l.created_at) > ${usedSince}
        where c.client_id = ${client} and c.disabled is not true
          and exists (select from auth.oauth_refresh_token t where t.grant_id = ${grant} and t.client_id = ${client}
                        and t.person_id = ${person} and t.in_org = ${org} and t.login_id = ${login})
          and not exists (select from auth.oauth_refresh_token t
                          where t.grant_id = ${grant} and t.revoked is not null and t.rotated_at is null)`,
  )
  return rows[0]
}

export interface ConsentRow extends ClientRow {
  readonly id: string
  readonly in_org: string
  readonly scopes: readonly string[]
  readonly created_at: Date
  readonly updated_at: Date
}

/** A page of what a person has allowed, in the order of the ids. */
export async function selectConsents(people: pg.Pool, person: string, after: string | null, limit: number): Promise<ConsentRow[]> {
  const { rows } = await people.query<ConsentRow>(
    sql`select o.id, o.in_org, o.scopes, o.created_at, o.updated_at, c.client_id, c.name, c.uri, c.discovered_by
        from auth.oauth_consent o join auth.oauth_client c on c.client_id = o.client_id
        where o.person_id = ${person} ${after === null ? empty : sql`and o.id > ${after}`} order by o.id limit ${limit}`,
  )
  return rows
}

/** Deletes a consent of a person, and all tokens that it allowed. Undefined: there is no such consent. */
export function deleteConsent(tx: Transaction, person: string, id: string): Promise<ConsentRow | undefined> {
  return tx.row<ConsentRow>(sql`select * from auth.withdraw_consent(${person}, ${id})`)
}

/** Deletes clients without a consent that were registered before `before`. Returns how many clients without a consent remain. */
export async function deleteUnusedClients(people: pg.Pool, before: Date): Promise<number> {
  await people.query(
    sql`delete from auth.oauth_client c where created_at < ${before}
          and not exists (select from auth.oauth_consent o where o.client_id = c.client_id)`,
  )
  const { rows } = await people.query<{ unused: string }>(
    sql`select count(*) as unused from auth.oauth_client c
        where not exists (select from auth.oauth_consent o where o.client_id = c.client_id)`,
  )
  return Number(rows[0]?.unused ?? 0)
}

/** Deletes what has expired before `before`. Returns how many refresh tokens. */
export async function deleteExpiredTokens(people: pg.Pool, before: Date): Promise<number> {
  await people.query(sql`delete from auth.oauth_client_assertion where expires_at < ${before}`)
  const { rowCount } = await people.query(sql`delete from auth.oauth_refresh_token where expires_at < ${before}`)
  return rowCount ?? 0
}
