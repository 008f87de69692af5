/** The whole server with two organizations. Requests create rows in every table for each of them. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeId, encodeId, findOperation, ID_PREFIXES, type IdPrefix, type OperationName, type OutputOf } from '@orrery/contract'
import type { BuiltBundle } from '@orrery/engine'
import { loadProject } from '@orrery/engine/bundle'
import pg from 'pg'
import { startTestServer } from '../../apps/server/src/testing/start-test-server.fixture.ts'
import { makeSecretKey, newId, readSecretKeys, type SecretKeys } from '../../packages/kernel/src/index.ts'
import { createTestDatabase } from '../support/database.ts'
import { insertConsent, insertLogin, makePerson, type Person } from '../support/log-in.ts'
import { until } from '../support/until.ts'
import { sendPatiently } from './send-patiently.ts'

const PROJECT = join(import.meta.dirname, 'project')

export interface Org {
  /** Public id, UUID, name, and a key with all scopes in the organization. */
  readonly id: string
  readonly uuid: string
  readonly name: string
  readonly key: string
  /** A word in all payloads and names of the organization. No other caller was ever given it. */
  readonly canary: string
  /** Runs by state. */
  readonly runs: Readonly<Record<Stand, string>>
  /** By prefix: the `id` of each answer to the calls that made the organization's rows. */
  readonly ids: Readonly<Record<string, readonly string[]>>
  readonly keyIds: readonly string[]
  readonly connectionIds: readonly string[]
  /** Of an admin who has logged in, and of three others. */
  readonly memberIds: readonly string[]
  /** The person (a UUID) behind the first member, the tokens of two logins of that person, and the id of the second. */
  readonly person: string
  readonly loginTokens: readonly string[]
  readonly deviceId: string
  readonly groupIds: readonly string[]
  /** Name of a role that no member has. */
  readonly role: string
  /** Of two open invitations. */
  readonly invitationIds: readonly string[]
  readonly erasureId: string
  readonly consentId: string
  /** Name of a calendar with a layer of days and a feed. */
  readonly calendar: string
  /** Name of a calendar without feeds. */
  readonly office: string
  /** Name of a tool with two versions that was called once. */
  readonly tool: string
  /** Name of a pipeline with two versions and a waiting run. */
  readonly pipeline: string
  /** Name of a paused automation that skipped a delivery to its webhook. */
  readonly automation: string
  readonly automationId: string
  /** An agent with two credentials that has logged in. */
  readonly agentId: string
  readonly workflow: string
  readonly version: string
  readonly bundle: BuiltBundle
  /**
   * Names that others could guess, so they do not contain the canary. `word` is a tag, a lane, and the key of a dedupe and of a debounce.
   */
  readonly queue: string
  readonly limit: string
  readonly word: string
}

export type Stand =
  | 'succeeded'
  | 'large'
  | 'failed'
  | 'waiting'
  | 'toiling'
  | 'holding'
  | 'gated'
  | 'delayed'
  | 'parent'
  | 'cancelled'
  | 'paused'
  | 'retried'

export interface Installation {
  readonly url: string
  readonly databaseUrl: string
  /** A key of the first organization with access to all organizations. */
  readonly adminKey: string
  /** The keys of the server, under which logins are signed. */
  readonly secretKeys: SecretKeys
  readonly ours: Org
  readonly theirs: Org
  log(): string
  /** Stops the server. The database stays until `close`. */
  stop(): Promise<void>
  close(): Promise<void>
}

export async function startInstallation(): Promise<Installation> {
  const database = await createTestDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'orrery-keys-'))
  const keyFile = join(folder, 'secret-keys.txt')
  const secretKey = makeSecretKey()
  writeFileSync(keyFile, secretKey)
  const server = await startTestServer(database.url, ['--project', PROJECT], undefined, { ORRERY_SECRET_KEY_FILE: keyFile })
  const secretKeys = readSecretKeys(secretKey)
  const installation = { url: server.url, databaseUrl: database.url, adminKey: server.key, secretKeys, log: server.log }
  const [ours, theirs] = await Promise.all(['ours', 'theirs'].map((name) => makeOrg({ ...installation }, name)))
  if (ours === undefined || theirs === undefined) throw new Error('There must be two organizations')
  await leaveRows(database.url, [ours, theirs])
  await untilSettled(database.url)
  let stopped: Promise<void> | null = null
  const stop = async () => {
    // A running step would delay the stop for the whole grace period.
    const toiling = [ours, theirs].map((org) => callAs(server.url, org.key)('runs.cancel', { runId: org.runs.toiling }))
    await Promise.allSettled(toiling)
    await server.stop()
  }
  return {
    ...installation,
    ours,
    theirs,
    stop: () => (stopped ??= stop()),
    async close() {
      await (stopped ??= stop())
      await database.drop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Inserts what no request can create and leave: claims of calls in progress, and an erasure that waits. */
async function leaveRows(url: string, orgs: readonly Org[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const idOf = (prefix: IdPrefix, id: string) => decodeId(prefix, id)
  const never = '2100-01-01'
  for (const { uuid, canary, erasureId, runs } of orgs) {
    await client.query(
      `insert into app.erasure (org_id, erasure_id, address, payloads, requested_by, requested_at, phase, next_at)
       values ($1, $2, $3, true, 'test', now(), 'waiting', $4)`,
      [uuid, idOf('ers', erasureId), `customer@${canary}.example`, never],
    )
    await client.query('insert into app.erasure_run values ($1, $2, $3, false)', [uuid, idOf('ers', erasureId), idOf('run', runs.waiting)])
    await client.query('insert into app.retention (org_id, run_days, updated_at, next_at) values ($1, 3650, now(), $2)', [uuid, never])
    await client.query(`insert into app.idempotency_claim values ($1, $2, '\\x00', now())`, [uuid, `claim-${canary}`])
  }
  await client.end()
}

export type CallAs = <N extends OperationName>(
  name: N,
  input: Readonly<Record<string, unknown>>,
  headers?: Readonly<Record<string, string>>,
) => Promise<OutputOf<N>>

/** Calls over REST and throws unless the call succeeds. */
export function callAs(url: string, key: string): CallAs {
  return async (name, input, headers = {}) => {
    const operation = findOperation(name)
    if (operation === null) throw new Error(`There is no operation ${name}`)
    const { output, problem, text } = await sendPatiently('rest', operation, input, { url, key, headers })
    if (problem !== undefined) throw new Error(`${name} was refused: ${text}`)
    return output as never
  }
}

function collectIds(ids: { [prefix: string]: string[] }, call: CallAs): CallAs {
  return async (name, input, headers) => {
    const output = await call(name, input, headers)
    const { id = '' } = output as { readonly id?: string }
    const prefix = ID_PREFIXES.find((one) => decodeId(one, id) !== null)
    if (prefix !== undefined) ids[prefix] = [...new Set([...(ids[prefix] ?? []), id])]
    return output
  }
}

/** Waits until automations are idle, because changes by the server itself would look like changes by a caller. */
async function untilSettled(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const going = `select from app.firing where going or outcome in ('buffered', 'scheduled') union all select from app.backfill where wakes_at is not null`
  await until('the firings are settled', async () => (await client.query(going)).rowCount === 0)
  await client.end()
}

async function makeOrg({ url, adminKey, databaseUrl }: Pick<Installation, 'url' | 'adminKey' | 'databaseUrl'>, word: string): Promise<Org> {
  const canary = `canary${randomBytes(8).toString('hex')}`
  const name = `${word}-${canary}`
  const made = await callAs(url, adminKey)('orgs.create', { name })
  const key = made.secret ?? ''
  const ids: { [prefix: string]: string[] } = {}
  const call = collectIds(ids, callAs(url, key))
  const bundle = renamed(await loadProject(PROJECT), `own-${canary}`)
  await call('workflows.deploy', { ...bundle })
  const names = {
    queue: `queue-of-${word}`,
    limit: `limit of ${word}`,
    word: `word of ${word}`,
    calendar: `calendar-of-${word}`,
    office: `office-of-${word}`,
    pipeline: `pipeline-of-${word}`,
    tool: `tool-of-${word}`,
    automation: `automation-of-${word}`,
    role: `role-of-${word}`,
  }
  const runs = await startRuns(call, canary, names)
  const keyIds = [made.keyId, ...(await makeKeys(call, canary))]
  const connectionIds = await makeConnections(call, canary)
  const invitationIds = await makeInvitations(call, canary)
  await call('tokens.issue', {})
  const agentId = await makeAgent(url, call, word, canary)
  await call('roles.put', { role: names.role, permissions: ['runs:read'], description: canary })
  const people = await makePeople(databaseUrl, decodeId('org', made.id) ?? '', canary)
  const erasureId = encodeId('ers', newId(Date.now()))
  const groupIds = [
    (await call('groups.create', { name: `first-${canary}`, description: canary })).id,
    (await call('groups.create', { name: `second-${canary}` })).id,
  ]
  for (const member of people.memberIds) await call('groups.addMember', { groupId: groupIds[0], member })
  Object.assign(ids, { mbr: people.memberIds, dev: [people.deviceId], cns: [people.consentId], ers: [erasureId] })
  await makeCalendars(call, names, canary)
  await makePipeline(call, names.pipeline, canary)
  await makeTool(call, names.tool, canary)
  const automationId = await makeAutomation(call, names.automation, canary)
  await Promise.all([
    call('queues.pause', { queue: `quiet-${canary}` }),
    call('queues.pause', { queue: names.queue }),
    call('limits.set', { limit: `spare ${canary}`, max: 3 }),
    call('limits.set', { limit: names.limit, max: 3 }),
  ])
  await until('the audit log is sealed', async () => (await call('audit.verify', {})).unsealed === 0)
  return {
    id: made.id,
    uuid: decodeId('org', made.id) ?? '',
    name,
    key,
    canary,
    runs,
    ids,
    keyIds,
    connectionIds,
    groupIds,
    ...people,
    invitationIds,
    erasureId,
    automationId,
    agentId,
    workflow: `own-${canary}`,
    version: bundle.hash,
    bundle,
    ...names,
  }
}

/** Rows of people, whom no request with a key can create. */
async function makePeople(
  databaseUrl: string,
  org: string,
  canary: string,
): Promise<Pick<Org, 'person' | 'memberIds' | 'loginTokens' | 'deviceId' | 'consentId'>> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const t = {
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  }
  try {
    const ada = await makePerson(t, `Ada-${canary}`, { [org]: 'admin' })
    const others: Person[] = []
    for (const name of ['Ben', 'Cleo', 'Dana']) others.push(await makePerson(t, `${name}-${canary}`, { [org]: 'viewer' }))
    const [first, second] = [await insertLogin(t, ada.id), await insertLogin(t, ada.id)]
    const memberIds = [ada, ...others].map(({ members }) => members[org] ?? '')
    const consentId = await insertConsent(t, ada.id, org, `client-${canary}`)
    return { person: ada.id, memberIds, loginTokens: [first.token, second.token], deviceId: second.id, consentId }
  } finally {
    await client.end()
  }
}

/** A bundle and a workflow that only this organization has. */
function renamed({ bundle }: { readonly bundle: BuiltBundle }, name: string): BuiltBundle {
  const rename = (text: string) => text.replaceAll('own-of-one-org', name)
  const code = rename(bundle.code)
  return { code, hash: createHash('sha256').update(code).digest('hex'), manifest: JSON.parse(rename(JSON.stringify(bundle.manifest))) }
}

async function startRuns(call: CallAs, canary: string, names: Pick<Org, 'queue' | 'word'>): Promise<Org['runs']> {
  const input = { word: canary }
  const start = async (workflow: string, more: Readonly<Record<string, unknown>> = {}, headers = {}) =>
    (await call('runs.start', { workflow, input, tags: [canary, names.word], ...more }, headers)).runId
  const [succeeded, large, failed, waiting, toiling, delayed, parent, cancelled, paused, holding] = await Promise.all([
    start('greeting', {}, { 'idempotency-key': `start-${canary}` }),
    start('greeting', { input: { word: canary, size: 70_000 } }),
    start('fragile'),
    start('talk', { dedupe: { key: names.word, window: '1h' } }),
    start('toiling'),
    start('talk', { debounce: { key: names.word, delay: '2h' } }),
    start('family'),
    start('talk', { queue: `unserved-${canary}` }),
    start('talk', { queue: names.queue, delay: '3h' }),
    start('single', { input: { lane: names.word } }),
  ])
  const gated = await start('single', { input: { lane: names.word } })
  await call('runs.cancel', { runId: cancelled, terminate: true })
  await call('runs.pause', { runId: paused })
  // The workflow does not wait for this signal, so it stays in the inbox.
  await call('runs.signal', { runId: waiting, name: 'unheard', payload: { word: canary } })
  await settle(call, { succeeded, large, failed, waiting, holding, parent })
  const retried = (await call('runs.retry', { runId: failed })).runId
  await settle(call, { retried })
  await until('a step has told its progress', async () => (await call('runs.why', { runId: toiling })).state === 'running')
  return { succeeded, large, failed, waiting, toiling, holding, gated, delayed, parent, cancelled, paused, retried }
}

/** Waits until every run waits or has ended. */
async function settle(call: CallAs, runs: Readonly<Record<string, string>>): Promise<void> {
  const still = ['queued', 'running']
  await Promise.all(
    Object.entries(runs).map(([name, runId]) =>
      until(`the run "${name}" has settled`, async () => !still.includes((await call('runs.get', { runId })).status)),
    ),
  )
}

async function makeKeys(call: CallAs, canary: string): Promise<string[]> {
  const live = await call('keys.create', { name: `live ${canary}`, set: 'viewer' })
  const revoked = await call('keys.create', { name: `revoked ${canary}`, set: 'viewer' })
  await call('keys.revoke', { keyId: revoked.id })
  return [live.id, revoked.id]
}

async function makeAgent(url: string, call: CallAs, word: string, canary: string): Promise<string> {
  const { id: agentId } = await call('agents.create', { name: `agent-of-${word}`, description: canary, scopes: ['runs:read'] })
  await call('credentials.create', { agentId, name: `spare ${canary}` })
  const { secret } = await call('credentials.create', { agentId, name: `used ${canary}` })
  await callAs(url, secret ?? '')('tokens.issue', {})
  return agentId
}

async function makeInvitations(call: CallAs, canary: string): Promise<string[]> {
  const made: string[] = []
  for (const word of ['first', 'second']) {
    const { id } = await call('invitations.create', { email: `${word}-${canary}@example.com`, role: 'viewer', name: canary })
    made.push(id)
  }
  return made
}

async function makeConnections(call: CallAs, canary: string): Promise<string[]> {
  const settings = [
    { type: 'bearer', token: canary },
    { type: 'smtp', host: 'mail.example', port: 465, secure: true, username: 'ada', password: canary },
    { type: 'mcp_http', url: 'https://mcp.example/mcp', headers: { authorization: canary } },
  ]
  const made: string[] = []
  for (const one of settings) made.push((await call('connections.create', { name: `${one.type}-${canary}`, settings: one })).id)
  return made
}

async function makeCalendars(call: CallAs, { calendar, office }: Pick<Org, 'calendar' | 'office'>, canary: string): Promise<void> {
  const days = { kind: 'days', days: [{ date: '2026-12-24', name: canary }] }
  // The guard refuses this URL, so no request leaves the machine.
  const feed = { kind: 'feed', feed: `http://127.0.0.1:9/${canary}.ics` }
  await call('calendars.put', { calendar: office, zone: 'UTC', layers: [days] })
  await call('calendars.put', { calendar, zone: 'UTC', layers: [days, feed] })
  await until('the feed has failed once', async () => (await call('calendars.get', { calendar })).feeds[0]?.state === 'failing')
}

async function makePipeline(call: CallAs, pipeline: string, canary: string): Promise<void> {
  const steps = [{ id: 'wait', description: canary, wait: '1d' }]
  await call('pipelines.put', { pipeline, definition: steps })
  await call('pipelines.put', { pipeline, definition: { params: { canary }, pipeline: steps } })
  const { runId } = await call('pipelines.run', { pipeline, tags: [canary] })
  await until('the pipeline waits', async () => (await call('runs.get', { runId })).status === 'waiting')
}

async function makeTool(call: CallAs, tool: string, canary: string): Promise<void> {
  const definition = { description: canary, implementation: { kind: 'builtin', builtIn: 'time.now' } }
  await call('tools.put', { tool, definition })
  await call('tools.put', { tool, definition: { ...definition, examples: [{ with: { timezone: 'UTC' } }] } })
  await call('tools.call', { tool }, { 'idempotency-key': `call-${canary}` })
}

async function makeAutomation(call: CallAs, automation: string, canary: string): Promise<string> {
  const triggers = [
    { type: 'webhook', signature: 'none' },
    { type: 'webhook', key: 'signed', signature: 'standard' },
    { type: 'schedule', schedule: '0 9 * * *' },
    { type: 'event', topic: 'shop.*', filter: `event.data.word == '${canary}'` },
  ]
  const { id } = await call('automations.create', {
    name: automation,
    description: canary,
    triggers,
    workflow: { name: 'greeting', input: { word: canary } },
  })
  const past = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
  await call('automations.backfill', { automation, from: past(3), to: past(1) })
  await call('automations.pause', { automation, note: canary })
  await call('automations.rotateWebhook', { automation, trigger: 'signed' })
  const { url } = await call('automations.rotateWebhook', { automation, trigger: 'webhook' })
  const delivered = await fetch(url ?? '', { method: 'POST', body: JSON.stringify({ word: canary }), headers: { 'webhook-id': canary } })
  if (delivered.status !== 202) throw new Error(`The delivery was refused: ${await delivered.text()}`)
  return id
}
