/**
 * Connections over a real database: each type is created, changed, resealed with a new key, and opened. The last test searches every table
 * and the log for the secret that all of them hold.
 */
import { inspect } from 'node:util'
import { type ConnectionSettings, type ConnectionType, PERMISSION_SETS } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { makeContext } from '../../../kernel/src/call/make-context.ts'
import type { Log } from '../../../kernel/src/context/kernel.ts'
import { listViolations } from '../../../kernel/src/database/list-violations.ts'
import { makeSecretKey, readSecretKeys } from '../../../kernel/src/secrets/secret-keys.ts'
import { type OpenedConnection, openConnection } from './open-connection.ts'
import { resealConnections } from './reseal-connections.ts'

/** The secret in all connections. Visible ASCII, so that it is valid for every type. */
const canary = 'canary-5ecret-0f-a11'
const logged: unknown[] = []
const log: Log = {
  debug: (...said) => void logged.push(said),
  info: (...said) => void logged.push(said),
  warn: (...said) => void logged.push(said),
  error: (...said) => void logged.push(said),
  child: () => log,
}

const firstKey = makeSecretKey()
const secrets = { current: readSecretKeys(firstKey) }
let t: TestCore

beforeAll(async () => {
  // Reads the current keys at each call, because tests change them.
  const ring = {
    get activeId() {
      return secrets.current.activeId
    },
    get known() {
      return secrets.current.known
    },
  }
  t = await startTestCore({ work: false, log, secrets: ring })
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const KINDS: { readonly [T in ConnectionType]: ConnectionSettings & { readonly type: T } } = {
  bearer: { type: 'bearer', token: canary },
  basic: { type: 'basic', username: 'ada', password: canary },
  header: { type: 'header', name: 'x-api-key', value: canary },
  smtp: { type: 'smtp', host: 'mail.example', port: 465, secure: true, username: 'ada', password: canary },
  imap: { type: 'imap', host: '::1', port: 993, secure: true, username: 'ada', password: canary },
  slack: { type: 'slack', token: canary },
  webhook: { type: 'webhook', secret: `whsec_${Buffer.from(`${canary}-key`).toString('base64')}` },
  model: { type: 'model', provider: 'compatible', baseUrl: 'http://127.0.0.1:11434/v1', apiKey: canary },
  mcp_http: { type: 'mcp_http', url: 'https://mcp.example/mcp', headers: { authorization: `Bearer ${canary}` } },
  mcp_stdio: { type: 'mcp_stdio', command: 'npx', args: ['server'], env: { TOKEN: canary } },
}

async function open(nameOrId: string, org = t.org): Promise<OpenedConnection> {
  const host = { database: t.database, secretKeys: secrets.current, clock: { now: Date.now }, log }
  const operation = { effect: 'read' }
  const call = { operation, identity: { org, actor: { type: 'system', id: 'test', name: 'test' }, permissions: new Set() }, input: {} }
  return openConnection(makeContext(host as never, call as never, null).ctx, nameOrId)
}

const sealedOf = async (id: string) => {
  const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) =>
    client.query<{ secrets: Record<string, string> }>('select secrets from app.connection where name = $1', [id]),
  )
  return rows[0]?.secrets ?? {}
}

describe('connections', () => {
  it.each(Object.values(KINDS))('creates $type, returns it without its secrets, and opens it with them', async (settings) => {
    const made = await t.call('connections.create', { name: `my.${settings.type}`, settings }, { idempotencyKey: `make-${settings.type}` })
    expect(made.secretFields).toHaveLength(1)
    expect(JSON.stringify(made)).not.toContain(canary)
    const [field = ''] = made.secretFields
    const { [field]: _, ...shown } = settings as Record<string, unknown>
    expect(made.settings).toEqual(shown)
    expect(await t.call('connections.get', { connectionId: made.id })).toEqual(made)
    expect(
      await t.call('connections.create', { name: `my.${settings.type}`, settings }, { idempotencyKey: `make-${settings.type}` }),
    ).toEqual(made)
    for (const one of [made.id, made.name]) {
      const opened = await open(one)
      expect([opened.id, opened.name, opened.settings]).toEqual([made.id, made.name, settings])
      expect(`${JSON.stringify(opened)}${inspect(opened)}`).not.toContain(canary)
    }
  })

  it('lists connections in pages, newest first', async () => {
    const all = (await t.call('connections.list', { limit: 200 })).items
    expect(all.map(({ name }) => name)).toEqual(
      Object.keys(KINDS)
        .map((type) => `my.${type}`)
        .reverse(),
    )
    const first = await t.call('connections.list', { limit: 4 })
    const second = await t.call('connections.list', { limit: 200, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items]).toEqual(all)
  })

  it('rejects a name that is taken in the organization or looks like an id', async () => {
    const other = await t.call('connections.create', { name: 'other', settings: KINDS.bearer })
    const taken = { code: 'connection.name_taken' }
    await expect(t.call('connections.create', { name: 'other', settings: KINDS.slack })).rejects.toMatchObject(taken)
    await expect(t.call('connections.update', { connectionId: other.id, name: 'my.slack' })).rejects.toMatchObject(taken)
    await expect(t.call('connections.create', { name: other.id, settings: KINDS.slack })).rejects.toMatchObject({ code: 'invalid_input' })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => t.call('connections.create', { name: 'race', settings: KINDS.bearer })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of outcomes) if (one.status === 'rejected') expect(one.reason).toMatchObject(taken)
  })

  it('deletes a connection with its secrets', async () => {
    const made = await t.call('connections.create', { name: 'gone', settings: KINDS.bearer })
    expect(await t.call('connections.delete', { connectionId: made.id })).toEqual(made)
    const missing = { code: 'connection.not_found' }
    await expect(t.call('connections.delete', { connectionId: made.id })).rejects.toMatchObject(missing)
    await expect(t.call('connections.get', { connectionId: made.id })).rejects.toMatchObject(missing)
    await expect(open('gone')).rejects.toMatchObject(missing)
  })

  it('rejects settings that cannot work or would expose a secret', async () => {
    const wrong: unknown[] = [
      { type: 'bearer', token: 'a\r\nX-Evil: 1' },
      { type: 'header', name: 'x key', value: 'x' },
      { type: 'basic', username: 'a:b', password: 'x' },
      { type: 'model', provider: 'azure', apiKey: 'x' },
      { type: 'webhook', secret: 'hunter2' },
      { type: 'smtp', ...{ host: 'mail.example', port: 465, secure: true }, from: 'ada@mail.example\r\nbcc: eve@mail.example' },
      { type: 'mcp_http', url: 'https://ada:hunter2@mcp.example/' },
      { type: 'mcp_http', url: 'file:///etc/passwd' },
      { type: 'mcp_stdio', command: 'x', env: { A: 'x'.repeat(8000), B: 'x'.repeat(8000), C: 'x'.repeat(8000) } },
      { type: 'bearer', token: 'x', more: 1 },
      { type: 'telepathy' },
    ]
    for (const settings of wrong) {
      const refused = await t.answer('connections.create', { name: 'wrong', settings }).catch((error: unknown) => error)
      expect(refused, JSON.stringify(settings)).toMatchObject({ code: 'invalid_input' })
      expect(inspect(refused)).not.toContain('hunter2')
    }
  })
})

describe('connections.update', () => {
  it('keeps a secret that is not passed, replaces one that is, and requires it again for another host', async () => {
    const { id } = await t.call('connections.create', { name: 'moving', settings: KINDS.smtp })
    await t.call('connections.update', { connectionId: id, name: 'moved' })
    expect((await open('moved')).settings).toEqual(KINDS.smtp)
    await t.call('connections.update', { connectionId: id, settings: { type: 'smtp', password: 'new' } })
    expect((await open('moved')).settings).toEqual({ ...KINDS.smtp, password: 'new' })
    const elsewhere = t.call('connections.update', { connectionId: id, settings: { type: 'smtp', host: 'evil.example' } })
    await expect(elsewhere).rejects.toMatchObject({ code: 'connection.secrets_needed' })
    await t.call('connections.update', { connectionId: id, settings: { type: 'smtp', host: 'mail2.example', password: 'newer' } })
    expect((await open(id)).settings).toEqual({ ...KINDS.smtp, host: 'mail2.example', password: 'newer' })
    const bare = await t.call('connections.update', { connectionId: id, settings: { type: 'smtp', username: null, password: null } })
    expect([bare.settings, bare.secretFields]).toEqual([{ type: 'smtp', host: 'mail2.example', port: 465, secure: true }, []])
  })

  it('seals the secrets again with the active key', async () => {
    const { id } = await t.call('connections.create', { name: 'rotating', settings: KINDS.bearer })
    const before = await sealedOf('rotating')
    secrets.current = readSecretKeys(`${makeSecretKey()}${firstKey}`)
    expect((await open(id)).settings).toEqual(KINDS.bearer)
    await t.call('connections.update', { connectionId: id })
    const after = await sealedOf('rotating')
    expect([before.token, after.token].map((text) => text?.split('.')[1])).toEqual([
      readSecretKeys(firstKey).activeId,
      secrets.current.activeId,
    ])
    expect((await open(id)).settings).toEqual(KINDS.bearer)
  })
})

describe('secret keys', () => {
  it('are replaced in all connections by resealing, so that the old key can be removed', async () => {
    expect(await resealConnections(t.database, secrets.current, log)).toBeGreaterThan(5)
    expect(await resealConnections(t.database, secrets.current, log)).toBe(0)
    const [active] = secrets.current.known.entries()
    if (active === undefined) throw new Error('There is no key')
    secrets.current = { activeId: active[0], known: new Map([active]) }
    for (const settings of Object.values(KINDS)) expect((await open(`my.${settings.type}`)).settings).toEqual(settings)
  })

  it('are replaced in the connections after a full batch that cannot be opened', async () => {
    await t.call('connections.create', { name: 'first', settings: KINDS.bearer })
    await t.database.transaction(t.org, 'read write', ({ client }) =>
      client.query(
        `insert into app.connection (org_id, connection_id, name, settings, secrets, created_at, updated_at)
         select org_id, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'copy.' || n, settings, secrets, created_at, updated_at
         from app.connection, generate_series(1, 100) n where name = 'first'`,
      ),
    )
    await t.call('connections.create', { name: 'last', settings: KINDS.bearer })
    const { activeId, known } = readSecretKeys(makeSecretKey())
    secrets.current = { activeId, known: new Map([...known, ...secrets.current.known]) }
    await resealConnections(t.database, secrets.current, log)
    for (const name of ['first', 'last']) expect((await sealedOf(name)).token?.split('.')[1]).toBe(activeId)
    await t.database.transaction(t.org, 'read write', ({ client }) =>
      client.query(`delete from app.connection where name ~ '^(copy[.]|first$|last$)'`),
    )
  })

  it('are named in the problem when missing, and passing the secrets again repairs the connection', async () => {
    const made = await t.call('connections.create', { name: 'orphan', settings: KINDS.bearer })
    const kept = secrets.current
    secrets.current = readSecretKeys(makeSecretKey())
    const unreadable = { code: 'connection.unreadable', detail: expect.stringContaining(kept.activeId) }
    await expect(open('orphan')).rejects.toMatchObject(unreadable)
    await expect(t.call('connections.update', { connectionId: made.id, name: 'x' })).rejects.toMatchObject(unreadable)
    expect((await t.call('connections.get', { connectionId: made.id })).secretFields).toEqual(['token'])
    await t.call('connections.update', { connectionId: made.id, settings: { type: 'bearer', token: 'again' } })
    expect((await open('orphan')).settings).toEqual({ type: 'bearer', token: 'again' })
    await t.call('connections.delete', { connectionId: made.id })
    secrets.current = kept
  })

  it('cannot open a secret that was copied to another row', async () => {
    await t.call('connections.create', { name: 'thief', settings: { type: 'bearer', token: 'own' } })
    await t.database.transaction(t.org, 'read write', ({ client }) =>
      client.query(
        `update app.connection set secrets = (select secrets from app.connection where name = 'my.bearer') where name = 'thief'`,
      ),
    )
    await expect(open('thief')).rejects.toMatchObject({ code: 'connection.unreadable' })
  })
})

describe('access to connections', () => {
  it('is denied to other organizations, which may use the same names', async () => {
    const mine = (await t.call('connections.list', { limit: 1 })).items[0]
    const connectionId = mine?.id ?? ''
    const key = await t.otherOrg('neighbour')
    const missing = { code: 'connection.not_found' }
    await expect(t.call('connections.get', { connectionId }, { key })).rejects.toMatchObject(missing)
    await expect(t.call('connections.update', { connectionId, name: 'x' }, { key })).rejects.toMatchObject(missing)
    await expect(t.call('connections.delete', { connectionId }, { key })).rejects.toMatchObject(missing)
    expect((await t.call('connections.list', {}, { key })).items).toEqual([])
    await t.call('connections.create', { name: 'my.bearer', settings: { type: 'bearer', token: 'theirs' } }, { key })
    expect((await open('my.bearer')).settings).toEqual(KINDS.bearer)
  })

  it('rejects creation without the scope', async () => {
    const { secret } = await t.call('keys.create', { name: 'dev', set: 'developer' })
    const key = secret ?? ''
    expect(PERMISSION_SETS.developer).toContain('connections:read')
    expect((await t.call('connections.list', {}, { key })).items.length).toBeGreaterThan(0)
    await expect(t.call('connections.create', { name: 'no', settings: KINDS.bearer }, { key })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('secrets', () => {
  it('are not in any table, event, audit entry, stored answer or log line, in any encoding', async () => {
    const client = new pg.Client({ connectionString: t.url })
    await client.connect()
    const { rows: tables } = await client.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class where relkind in ('r', 'p') and relnamespace in ('app'::regnamespace, 'engine'::regnamespace)`,
    )
    const texts = [inspect(logged, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null })]
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select to_jsonb(t)::text as text from ${name} t`)
      texts.push(...rows.map(({ text }) => text))
    }
    await client.end()
    // Plain, as base64 at any offset, and as hexadecimal.
    const forms = [
      canary,
      ...[0, 1, 2].map((at) => Buffer.from(canary.slice(at)).toString('base64url').slice(0, -3)),
      Buffer.from(canary).toString('hex'),
    ]
    expect(texts.length).toBeGreaterThan(50)
    for (const present of ['connection.created', 'connections.create', 'make-bearer']) expect(texts.join('\n')).toContain(present)
    expect(texts.filter((text) => forms.some((form) => text.includes(form)))).toEqual([])
  })
})
