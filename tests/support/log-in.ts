/** Logins of people without the login library, for tests of what a login may do. */
import { createHmac, randomBytes } from 'node:crypto'
import { decodeId, encodeId } from '@orrery/contract'
import { deriveLoginSecret } from '../../packages/kernel/src/logins/login-secret.ts'
import type { SecretKeys } from '../../packages/kernel/src/secrets/secret-keys.ts'
import type { TestCore } from './start-test-core.ts'

export interface Person {
  /** A UUID. */
  readonly id: string
  /** The public ids of the members, by organization (a UUID). */
  readonly members: Readonly<Record<string, string>>
}

/** Makes a person that is a member of organizations (UUIDs) with these roles. The address is `<name>@example.com`. */
export async function makePerson(t: Pick<TestCore, 'query'>, name: string, roles: Readonly<Record<string, string>>): Promise<Person> {
  const email = `${name.toLowerCase()}@example.com`
  const [person] = await t.query<{ id: string }>(
    'insert into auth.person (name, email, email_verified) values ($1, $2, true) returning id',
    [name, email],
  )
  const members: Record<string, string> = {}
  for (const [org, role] of Object.entries(roles)) {
    const [row] = await t.query<{ member_id: string }>(
      `insert into app.member (org_id, member_id, person_id, name, email, role, joined_at)
       values ($1, gen_random_uuid(), $2, $3, $4, $5, now()) returning member_id`,
      [org, person?.id, name, email, role],
    )
    members[org] = encodeId('mbr', row?.member_id ?? '')
  }
  return { id: person?.id ?? '', members }
}

export interface LoginOptions {
  readonly method?: string
  readonly userAgent?: string
  /** How long ago the person proved who they are. */
  readonly provedMsAgo?: number
  readonly madeMsAgo?: number
  /** Absent: it was not used yet. */
  readonly usedHoursAgo?: number
}

/** Logs a person (a UUID) in. Returns what a browser or a command line keeps. */
export async function logIn(t: Pick<TestCore, 'core' | 'query'>, person: string, options: LoginOptions = {}): Promise<string> {
  return signLogin(t.core.kernel.secretKeys, (await insertLogin(t, person, options)).token)
}

/** The row of a login, for `signLogin`. `id` is the public id of the device. */
export async function insertLogin(
  t: Pick<TestCore, 'query'>,
  person: string,
  options: LoginOptions = {},
): Promise<{ readonly id: string; readonly token: string }> {
  const { method = 'link', userAgent = '', provedMsAgo = 0, madeMsAgo = 0, usedHoursAgo = null } = options
  const token = randomBytes(24).toString('base64url')
  const [row] = await t.query<{ id: string }>(
    `insert into auth.login (person_id, token, method, user_agent, ip_address, proved_at, created_at, used_at, updated_at, expires_at)
     values ($1, $2, $3, $4, '192.0.2.7', now() - $5 * interval '1 ms', now() - $6 * interval '1 ms', now() - interval '1 hour' * $7, now(), now() + interval '14 days') returning id`,
    [person, token, method, userAgent, provedMsAgo, madeMsAgo, usedHoursAgo],
  )
  return { id: encodeId('dev', row?.id ?? ''), token }
}

/** What a person (a UUID) allowed a program in an organization (a UUID). Returns the public id. */
export async function insertConsent(t: Pick<TestCore, 'query'>, person: string, org: string, client: string): Promise<string> {
  const [row] = await t.query<{ id: string }>(
    `with made as (insert into auth.oauth_client (client_id, name, redirect_uris) values ($1, $1, '[]') returning client_id)
     insert into auth.oauth_consent (client_id, person_id, in_org, scopes, created_at, updated_at)
     select client_id, $2, $3, '["viewer"]', now(), now() from made returning id`,
    [client, person, org],
  )
  return encodeId('cns', row?.id ?? '')
}

/** What a browser keeps of a login, on a server with these keys. */
export function signLogin(secrets: SecretKeys, token: string): string {
  return `${token}.${createHmac('sha256', deriveLoginSecret(secrets)).update(token).digest('base64')}`
}

/** The UUID of the organization of a key. */
export async function orgOf(t: Pick<TestCore, 'call'>, key: string): Promise<string> {
  return decodeId('org', (await t.call('orgs.get', { orgId: 'current' }, { key })).id) ?? ''
}
