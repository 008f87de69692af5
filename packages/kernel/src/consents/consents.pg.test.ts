/** What people allowed to programs, as operations see it. The way of OAuth to a consent is tested in apps/server/src/auth/oauth. */
import { encodeId } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import type { Identity } from '../context/identity.ts'

const [PERSON, OTHER] = ['01900000-0000-7000-8000-00000000000a', '01900000-0000-7000-8000-00000000000b']

let t: TestCore

beforeAll(async () => {
  t = await startTestCore({ work: false })
  for (const person of [PERSON, OTHER]) {
    await t.query(`insert into auth.person (id, name, email, email_verified) values ($1, 'P', $2, true)`, [person, `${person}@example.com`])
    for (const client of ['one', 'https://two.example/client.json']) {
      await t.query(
        `insert into auth.oauth_client (client_id, redirect_uris, discovered_by)
         values ($1::text, '[]', case when $1 like 'https%' then 'document' end) on conflict do nothing`,
        [client],
      )
      await t.query(
        `insert into auth.oauth_consent (client_id, person_id, in_org, scopes, created_at, updated_at)
         values ($1, $2, $3, '["viewer"]', now(), now())`,
        [client, person, t.org],
      )
    }
  }
})
afterAll(() => t?.close())

const as = (person: string): Identity => ({
  actor: { type: 'member', id: 'mbr_of_person', name: 'P' },
  org: t.org,
  permissions: new Set(),
  login: {
    id: person,
    person,
    org: t.org,
    administersInstallation: false,
    isBrowser: true,
    method: 'link',
    provedAt: 0,
    expiresAt: Number.POSITIVE_INFINITY,
  },
})

async function ask(name: string, input: object, person = PERSON): Promise<unknown> {
  const caller = { credential: as(person), requestId: 'r', traceId: null, idempotencyKey: null, face: 'test' }
  return (await t.core.kernel.call(name, caller, input)).output
}

interface Listed {
  readonly items: readonly { readonly id: string; readonly client: { readonly id: string; readonly host: string | null } }[]
  readonly nextCursor: string | null
}

describe('what a person allowed', () => {
  it('is listed page by page, with the host that vouches for a program', async () => {
    const first = (await ask('consents.list', { limit: 1 })) as Listed
    const second = (await ask('consents.list', { limit: 1, cursor: first.nextCursor })) as Listed
    expect(second.nextCursor).toBeNull()
    const hosts = [...first.items, ...second.items].map(({ client }) => [client.id, client.host])
    expect(hosts.sort()).toEqual([
      ['https://two.example/client.json', 'two.example'],
      ['one', null],
    ])
  })

  it('is withdrawn by that person only, once', async () => {
    const { items } = (await ask('consents.list', {})) as Listed
    const consentId = items[0]?.id ?? ''
    await expect(ask('consents.withdraw', { consentId }, OTHER)).rejects.toMatchObject({ code: 'consent.not_found' })
    expect(await ask('consents.withdraw', { consentId })).toMatchObject({ id: consentId })
    await expect(ask('consents.withdraw', { consentId })).rejects.toMatchObject({ code: 'consent.not_found' })
    expect(((await ask('consents.list', {}, OTHER)) as Listed).items).toHaveLength(2)
  })

  it('is no business of keys', async () => {
    await expect(t.call('consents.list', {})).rejects.toMatchObject({ code: 'login_required' })
    const consentId = encodeId('cns', PERSON)
    await expect(t.call('consents.withdraw', { consentId })).rejects.toMatchObject({ code: 'login_required' })
  })
})
