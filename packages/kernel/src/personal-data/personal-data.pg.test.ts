/**
 * What the installation holds about a person is found, handed out and erased. Canaries (the name and the address of a person) are planted by real
 * operations in rows, payloads and blobs; afterwards every table of the database is read as text.
 */
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { decodeId, encodeId, type Role } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { sealAudit } from '../audit/seal-audit.ts'
import { makeActorContext } from '../call/act-as-system.ts'
import { listViolations } from '../database/list-violations.ts'
import { deriveLoginSecret } from '../logins/login-secret.ts'
import { addMember } from '../members/add-member.ts'
import { makeSecretKey, readSecretKeys } from '../secrets/secret-keys.ts'
import { doErasure } from './do-erasure.ts'

const secrets = readSecretKeys(makeSecretKey())
let t: TestCore
let other: { key: string; org: string }

beforeAll(async () => {
  t = await startTestCore({ secrets })
  await t.deploy()
  const key = await t.otherOrg('other')
  const org = decodeId('org', (await t.call('orgs.get', { orgId: 'current' }, { key })).id) ?? ''
  other = { key, org }
})
afterAll(async () => {
  if (t === undefined) return
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

interface Person {
  readonly person: string
  readonly name: string
  readonly email: string
  /** What the browser keeps. */
  readonly login: string
  /** Public ids, in the order of the organizations. */
  readonly members: readonly string[]
}

let count = 0

/** A person that has logged in, with a passkey and a connected account. */
async function invite(roles: Readonly<Record<string, Role>>, administers = false): Promise<Person> {
  const name = `Canary-${++count}-Zebedee`
  const email = `zebedee.${count}@canary.example`
  const [row] = await t.query<{ id: string }>(
    'insert into auth.person (name, email, email_verified, administers_installation) values ($1, $2, true, $3) returning id',
    [name, email, administers],
  )
  const person = row?.id ?? ''
  const token = `token-of-${count}`
  await t.query(
    `insert into auth.login (person_id, token, expires_at, updated_at, user_agent) values ($1, $2, now() + interval '1 day', now(), $3)`,
    [person, token, `Browser of ${name}`],
  )
  await t.query(
    `insert into auth.passkey (person_id, name, public_key, credential_id, counter, device_type, backed_up) values ($1, $2, 'pk-secret', $3, 0, 'multiDevice', true)`,
    [person, `Key of ${name}`, `credential-${count}`],
  )
  await t.query(
    `insert into auth.account (person_id, provider_id, account_id, access_token, scope, updated_at) values ($1, 'github', $2, 'gh-secret', 'user', now())`,
    [person, `gh-${email}`],
  )
  await t.query(`insert into auth.verification (identifier, value, expires_at) values ($1, $2, now() + interval '1 hour')`, [
    `link-${count}`,
    JSON.stringify({ email }),
  ])
  const members: string[] = []
  for (const [org, role] of Object.entries(roles)) {
    const ctx = makeActorContext(t.core.kernel, org, {
      actor: { type: 'system', id: 'test', name: 'test' },
      requestId: 'test',
      scopes: new Set(),
    })
    const id = await t.core.kernel.database.transaction(org, 'read write', (tx) =>
      addMember(ctx, tx, { person, name, email, role }, { test: true }),
    )
    members.push(id ?? '')
  }
  const signature = createHmac('sha256', deriveLoginSecret(secrets)).update(token).digest('base64')
  return { person, name, email, login: `${token}.${signature}`, members }
}

/** Does all steps that are due, with a clock that is ahead. */
async function erase(aheadMs = 0): Promise<void> {
  const { kernel } = t.core
  const clock = { now: () => kernel.clock.now() + aheadMs }
  // Readers of the event log stop below transactions in progress, also those of other tests on this server.
  await eventually(
    async () =>
      (await t.query<{ done: boolean }>('select bool_and(tx < pg_snapshot_xmin(pg_current_snapshot())) as done from engine.event'))[0]
        ?.done,
    (done) => done !== false,
  )
  for (let step = 0; (await doErasure({ ...kernel, clock })) && step < 1000; step++);
}

/** The tables of the database, of all schemas, with a row that contains one of the texts; as `<schema>.<table>`. */
async function tablesWith(...texts: string[]): Promise<string[]> {
  const tables = await t.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%' order by 1`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    const [row] = await t.query<{ n: number }>(
      `select count(*)::int as n from ${name} t where exists (select from unnest($1::text[]) x where strpos(lower(t::text), lower(x)) > 0)`,
      [texts],
    )
    if ((row?.n ?? 0) > 0) found.push(name)
  }
  return found
}

const end = (runId: string, key = t.adminKey) => t.call('runs.result', { runId, timeout: '30s' }, { key })
const startRun = async (workflow: string, input: unknown, key = t.adminKey) =>
  (await t.call('runs.start', { workflow, input: input as never }, { key })).runId

/** Plants the address of a person in everything that an organization stores. Returns the run that is still in work. */
async function plant({ name, email, members }: Person): Promise<{ inWork: string; ended: string[] }> {
  const who = `${name} <${email}>`
  // Input, step, log and result.
  const ended = [await startRun('greeting', { name: who })]
  // A large payload, which becomes a blob.
  ended.push(await startRun('greeting', { name: `${who} ${'ä'.repeat(50_000)}` }))
  // A signal.
  const signalled = await startRun('approval', null)
  await t.call('runs.signal', { runId: signalled, name: 'answer', payload: { from: email.toUpperCase() } })
  ended.push(signalled)
  for (const run of ended) await end(run)
  const inWork = await startRun('approval', null)
  await t.call('runs.signal', { runId: inWork, name: 'aside', payload: { from: email } })
  await t.call('events.emit', { topic: 'customer.wrote', payload: { from: email } })
  await t.answer('tools.call', { tool: 'time.now', args: { timezone: email } }).catch(() => null)
  await t.call('automations.create', { name: `mails-${count}`, workflow: { name: 'greeting', input: { name: email } } })
  const { runId } = await t.call('automations.runNow', { automation: `mails-${count}` })
  if (runId !== null) ended.push(runId)
  if (runId !== null) await end(runId)
  const hook = `hook-${count}`
  await t.call('automations.create', {
    name: hook,
    triggers: [{ type: 'webhook' }],
    workflow: { name: 'greeting', input: { name: '${event.data.who}' } },
  })
  const { url } = await t.call('automations.rotateWebhook', { automation: hook })
  const body = Buffer.from(JSON.stringify({ who: email }))
  await t.core.receiveWebhook({
    token: url?.split('/').at(-1) ?? '',
    body,
    header: (key) => (key === 'content-type' ? 'application/json' : null),
  })
  const [firing] = (await t.call('automations.firings', { automation: hook })).items
  if (firing?.runId != null) ended.push(firing.runId)
  if (firing?.runId != null) await end(firing.runId)
  // The answer kept for an idempotency key.
  await t.call('members.update', { memberId: members[0] ?? '', suspended: false }, { idempotencyKey: `update-${count}` })
  await t.query('update app.firing set going = false where going')
  return { inWork, ended }
}

describe('what events and audit entries hold of a member', () => {
  it('is its id alone; the audit log shows the present name, or that it was removed', async () => {
    const { name, email, members } = await invite({ [t.org]: 'viewer' })
    const [member = ''] = members
    await t.call('members.update', { memberId: member, role: 'operator' })
    const { items } = await t.call('audit.list', { action: 'member.joined', subject: member })
    expect(items).toMatchObject([{ actor: member, actorName: name, detail: { role: 'viewer' } }])
    await t.call('members.remove', { memberId: member })
    const removed = await t.call('audit.list', { action: 'member.joined', subject: member })
    expect(removed.items).toMatchObject([{ actorName: 'removed member' }])
    const [mine] = (await t.call('audit.list', { action: 'member.removed', subject: member })).items
    expect(mine).toMatchObject({ actorType: 'api_key', actorName: expect.stringMatching(/./) })
    const found = await tablesWith(name, email)
    expect(found.filter((table) => !table.startsWith('auth.'))).toEqual([])
  })
})

describe('profile.export and members.export', () => {
  it('hand out what is held about the person, without secrets', async () => {
    const { name, email, login, members } = await invite({ [t.org]: 'viewer', [other.org]: 'operator' })
    const mine = await t.call('profile.export', {}, { key: login })
    expect(mine.person).toMatchObject({ name, email, data: { name, email, email_verified: true } })
    expect(mine.records.map(({ kind }) => kind)).toEqual(['account', 'login', 'passkey'])
    expect(mine.records.find(({ kind }) => kind === 'passkey')?.data).toMatchObject({ name: `Key of ${name}`, device_type: 'multiDevice' })
    expect(mine.records.find(({ kind }) => kind === 'account')?.data).toMatchObject({ provider_id: 'github', scope: 'user' })
    expect(JSON.stringify(mine)).not.toMatch(/pk-secret|gh-secret|token-of/)
    expect(mine.memberships.map(({ member }) => member.id).toSorted()).toEqual([...members].toSorted())
    expect(mine.memberships[0]).toMatchObject({ auditLeftOut: 0, audit: [{ action: 'member.joined' }] })
    const one = await t.call('members.export', { memberId: members[0] ?? '' })
    expect(one.member.email).toBe(email)
    expect(one.org.id).toBe(encodeId('org', t.org))
    expect((await t.call('audit.list', { action: 'member.exported' })).items).toMatchObject([{ subject: members[0] }])
    await expect(t.call('members.export', { memberId: members[0] ?? '' }, { key: other.key })).rejects.toMatchObject({
      code: 'member.not_found',
    })
  })

  it('of a profile need a login, and of a member an admin', async () => {
    await expect(t.call('profile.export', {})).rejects.toMatchObject({ code: 'login_required' })
    await expect(t.call('profile.delete', { confirm: 'a@example.com' })).rejects.toMatchObject({ code: 'login_required' })
    const { login, members } = await invite({ [t.org]: 'manager' })
    await expect(t.call('members.export', { memberId: members[0] ?? '' }, { key: login })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('members.erase', () => {
  it('leaves the name and the address nowhere but in configuration, which it reports, and the audit log stays whole', async () => {
    await invite({ [t.org]: 'admin' })
    const canary = await invite({ [t.org]: 'operator' })
    const { name, email, login, members } = canary
    const { inWork, ended } = await plant(canary)
    expect(await tablesWith(email)).toEqual(
      expect.arrayContaining(['app.idempotency_key', 'app.member', 'app.automation', 'auth.person', 'auth.verification', 'engine.blob']),
    )
    const { erasure, personDeleted } = await t.call('members.erase', { memberId: members[0] ?? '', payloads: 'delete' })
    expect([personDeleted, erasure.status]).toEqual([true, 'working'])
    await expect(t.call('orgs.get', { orgId: 'current' }, { key: login })).rejects.toMatchObject({ code: 'unauthenticated' })
    await erase()
    expect(await t.call('erasures.get', { erasureId: erasure.id })).toMatchObject({ status: 'waiting', runsInWork: 1, places: null })
    for (const run of ended) await expect(t.call('runs.get', { runId: run })).rejects.toMatchObject({ code: 'run.not_found' })
    expect(await t.call('runs.get', { runId: inWork })).toMatchObject({ status: 'waiting' })
    await t.call('runs.signal', { runId: inWork, name: 'answer', payload: 1 })
    await end(inWork)
    await erase(60_000)
    const done = await t.call('erasures.get', { erasureId: erasure.id })
    expect(done).toMatchObject({ status: 'ended', runsInWork: 0, deleted: { runs: ended.length + 1, answers: 1 } })
    const places = done.places ?? []
    expect([...new Set(places.map(({ kind }) => kind))].toSorted()).toEqual(['automation', 'automation_version'])
    // Configuration that the organization itself wrote.
    const left = await tablesWith(name, email)
    expect(left).toEqual(['app.automation', 'app.automation_version'])
    const { items } = await t.call('audit.list', { action: 'erasure.ended' })
    expect(items).toMatchObject([{ subject: erasure.id, actor: 'erasures', detail: { runs: ended.length + 1 } }])
    await eventually(
      async () => {
        await sealAudit(t.database, { signer: t.keys.signer, now: Date.now(), signEveryMs: 0 })
        return t.call('audit.verify', {})
      },
      ({ unsealed }) => unsealed === 0,
    )
    expect(await t.call('audit.verify', {})).toMatchObject({ ok: true, faults: [] })
  })

  it('keeps the payloads of the organization when it is told so, and the person that is a member elsewhere', async () => {
    const { email, members, login } = await invite({ [t.org]: 'viewer', [other.org]: 'viewer' })
    const run = await startRun('greeting', { name: email })
    await end(run)
    const { erasure, personDeleted } = await t.call('members.erase', { memberId: members[0] ?? '', payloads: 'keep' })
    expect(personDeleted).toBe(false)
    await erase()
    expect(await t.call('erasures.get', { erasureId: erasure.id })).toMatchObject({ status: 'ended', deleted: { runs: 0, events: 0 } })
    expect(await t.call('runs.get', { runId: run })).toMatchObject({ status: 'succeeded' })
    expect((await t.call('profile.export', {}, { key: login, orgId: other.org })).memberships).toHaveLength(1)
    const second = await t.call('members.erase', { memberId: members[1] ?? '', payloads: 'delete' }, { key: other.key })
    expect(second.personDeleted).toBe(true)
    await erase()
    expect(await t.call('runs.get', { runId: run })).toMatchObject({ status: 'succeeded' })
  })

  it('is for admins, and an organization keeps one', async () => {
    await t.query('delete from app.member')
    const { members } = await invite({ [t.org]: 'admin' })
    await invite({ [t.org]: 'viewer' })
    await expect(t.call('members.erase', { memberId: members[0] ?? '', payloads: 'keep' })).rejects.toMatchObject({
      code: 'member.last_admin',
    })
    const manager = await invite({ [t.org]: 'manager' })
    for (const [name, input] of [
      ['members.erase', { memberId: members[0], payloads: 'keep' }],
      ['erasures.start', { email: 'a@example.com' }],
      ['erasures.list', {}],
    ] as const)
      await expect(t.answer(name, input, { key: manager.login })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('erasures.start', () => {
  it('deletes what mentions a person who is not a member, and nothing of similar addresses', async () => {
    const [gone, kept, kept2] = ['da@shop.example', 'ada@shop.example', 'da@shop.example.org']
    const runs = await Promise.all([gone, kept, kept2].map((name) => startRun('greeting', { name })))
    for (const run of runs) await end(run)
    const { id } = await t.call('erasures.start', { email: 'DA@Shop.Example' })
    await erase()
    expect(await t.call('erasures.get', { erasureId: id })).toMatchObject({ status: 'ended', deleted: { runs: 1 } })
    const [first = '', ...others] = runs
    await expect(t.call('runs.get', { runId: first })).rejects.toMatchObject({ code: 'run.not_found' })
    for (const run of others) expect(await t.call('runs.get', { runId: run })).toMatchObject({ status: 'succeeded' })
    expect((await t.call('erasures.list', { limit: 1 })).items).toMatchObject([{ id }])
    await expect(t.call('erasures.get', { erasureId: id }, { key: other.key })).rejects.toMatchObject({ code: 'erasure.not_found' })
    expect((await t.call('erasures.list', {}, { key: other.key })).items.map((one) => one.id)).not.toContain(id)
  })
})

it('an erasure continues in another process when one is killed in the middle of a step', async () => {
  const email = 'killed@canary.example'
  const runs: string[] = []
  for (let n = 0; n < 250; n++) runs.push(await startRun('greeting', { name: n % 2 === 0 ? email : 'Ada' }))
  for (const run of runs) await end(run)
  const { id } = await t.call('erasures.start', { email })
  const probe = fileURLToPath(new URL('./erase-probe.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=orrery-source', probe, t.url], { stdio: ['pipe', 'pipe', 'inherit'] })
  const deleted = async () => (await t.call('erasures.get', { erasureId: id })).deleted.runs
  // Lets it commit until some runs are gone, and kills it before it commits the next step.
  const steps = on(child.stdout, 'data')
  for await (const _ of steps) {
    if ((await deleted()) > 0) break
    child.stdin.write('go')
  }
  const before = await deleted()
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(before).toBeLessThan(125)
  // Until the database notices that the connection has gone, the row of the erasure is locked.
  const done = await eventually(
    async () => {
      await erase()
      return t.call('erasures.get', { erasureId: id })
    },
    ({ status }) => status === 'ended',
  )
  expect(done.deleted.runs).toBe(125)
  expect(await tablesWith(email)).toEqual([])
})

describe('profile.delete', () => {
  it('takes the person out of all organizations and deletes it', async () => {
    await invite({ [t.org]: 'admin', [other.org]: 'admin' })
    const { name, email, login } = await invite({ [t.org]: 'viewer', [other.org]: 'admin' })
    await expect(t.call('profile.delete', { confirm: 'another@example.com' }, { key: login })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect(await t.call('profile.delete', { confirm: email.toUpperCase() }, { key: login })).toEqual({ organizations: 2 })
    await expect(t.call('orgs.get', { orgId: 'current' }, { key: login })).rejects.toMatchObject({ code: 'unauthenticated' })
    await erase()
    expect(await tablesWith(name, email)).toEqual([])
    for (const key of [t.adminKey, other.key])
      expect((await t.call('audit.list', { action: 'profile.deleted' }, { key })).items).toHaveLength(1)
  })

  it('is refused to the last admin of others, and to the last who administers the installation', async () => {
    await t.query('delete from app.member')
    const admin = await invite({ [t.org]: 'admin' })
    const viewer = await invite({ [t.org]: 'viewer' })
    await expect(t.call('profile.delete', { confirm: admin.email }, { key: admin.login })).rejects.toMatchObject({
      code: 'member.last_admin',
    })
    await t.call('profile.delete', { confirm: viewer.email }, { key: viewer.login })
    await t.query('update auth.person set administers_installation = true where id = $1', [admin.person])
    await expect(t.call('profile.delete', { confirm: admin.email }, { key: admin.login })).rejects.toMatchObject({
      code: 'profile.last_administrator',
    })
    expect((await t.call('profile.export', {}, { key: admin.login })).memberships).toHaveLength(1)
    await invite({}, true)
    expect(await t.call('profile.delete', { confirm: admin.email }, { key: admin.login })).toEqual({ organizations: 1 })
    await t.query('delete from auth.person')
  })
})
