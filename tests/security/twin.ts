/** A second organization with a copy of every row of the first: the same ids and names, another canary. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { decodeId, encodeId } from '@orrery/contract'
import type pg from 'pg'
import { makeApiKey } from '../../packages/kernel/src/access/api-key.ts'
import { makeSecretKey, readSecretKeys } from '../../packages/kernel/src/secrets/secret-keys.ts'
import { insertConsent, insertLogin } from '../support/log-in.ts'
import type { Relation } from './catalogue.ts'
import type { Org } from './installation.ts'

/** @param client connection of a superuser */
export async function makeTwin(client: pg.ClientBase, relations: readonly Relation[], ours: Org): Promise<Org> {
  const uuid = randomUUID()
  const canary = `canary${randomBytes(8).toString('hex')}`
  const renamed = [
    [ours.uuid, uuid],
    [ours.id, encodeId('org', uuid)],
    [ours.canary, canary],
  ] as const
  // The token of a webhook is unique over all organizations; the tokens of the twin are replaced below.
  await client.query(`drop index app.trigger_token; set session_replication_role = replica`)
  for (const { name, columns } of relations.filter(({ kind, hasOrg }) => kind === 'table' && hasOrg)) {
    const text = renamed.reduce((inner, [from, to]) => `replace(${inner}, '${from}', '${to}')`, 'row_to_json(t)::text')
    await client.query(
      `insert into ${name} (${columns.join(', ')}) select ${columns.map((column) => `r.${column}`).join(', ')}
       from ${name} t, lateral json_populate_record(null::${name}, ${text}::json) r where t.org_id = $1`,
      [ours.uuid],
    )
  }
  await client.query('set session_replication_role = origin')
  await client.query('update app.trigger set token_hash = sha256(token_hash) where org_id = $1', [uuid])
  for (const table of ['app.api_key', 'app.credential'])
    await client.query(`update ${table} set hash = sha256(hash) where org_id = $1`, [uuid])
  const key = makeApiKey(readSecretKeys(makeSecretKey()))
  // It was never used, so that its first use is written.
  await client.query('update app.api_key set hash = $3, last_used_at = null where org_id = $1 and key_id = $2', [
    uuid,
    decodeId('key', ours.keyIds[0] ?? ''),
    key.hash,
  ])
  const person = await copyPerson(client, ours, { uuid, canary })
  const twin = JSON.parse(renamed.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify({ ...ours, key: key.secret })))
  const hash = createHash('sha256').update(twin.bundle.code).digest('hex')
  return { ...twin, ...person, bundle: { ...twin.bundle, hash } }
}

/** A person for the member of the twin that has logged in: the same person would be a member of both organizations. */
async function copyPerson(client: pg.ClientBase, ours: Org, { uuid, canary }: Pick<Org, 'uuid' | 'canary'>) {
  const { rows } = await client.query<{ id: string }>(
    `insert into auth.person (name, email, email_verified)
     select replace(name, $2, $3), replace(email, $2, $3), true from auth.person where id = $1 returning id`,
    [ours.person, ours.canary, canary],
  )
  const person = rows[0]?.id ?? ''
  await client.query('update app.member set person_id = $1 where org_id = $2 and person_id = $3', [person, uuid, ours.person])
  const t = {
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  }
  const [first, second] = [await insertLogin(t, person), await insertLogin(t, person)]
  const consentId = await insertConsent(t, person, uuid, `client-${canary}`)
  return { person, loginTokens: [first.token, second.token], deviceId: second.id, consentId }
}

/** Switches row-level security off in the whole database. */
export async function switchPoliciesOff(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class where relrowsecurity and relnamespace in ('app'::regnamespace, 'engine'::regnamespace)`,
  )
  for (const { name } of rows) await client.query(`alter table ${name} disable row level security, no force row level security`)
}
