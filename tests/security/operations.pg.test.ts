/**
 * Calls every operation of the registry over every face without authorization: without a key, with an invalid, revoked or expired key, with
 * a key without the scope, and with the key of another organization that knows our ids. The whole server runs on a real database.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { encodeId, ID_PREFIXES, isScope, listOperations, type Operation, PERMISSION_SETS, type Permission } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT } from '../../apps/cli/src/exit-codes.ts'
import { fieldSchemas, type JsonSchema } from '../../apps/server/src/rest/from-text.ts'
import { pathParameters } from '../../apps/server/src/rest/read-input.ts'
import { until } from '../support/until.ts'
import { fingerprintQuery, readRelations } from './catalogue.ts'
import { type Answered, FACES, type FaceName, hasFace } from './faces.ts'
import { callAs, type Installation, type Org, startInstallation } from './installation.ts'
import { brokenProblem } from './judge-answer.ts'
import { runCommand, type Said } from './run-command.ts'
import { sendPatiently } from './send-patiently.ts'
import { smallestInputs } from './smallest-inputs.ts'

/** Operations that need no key. Review each addition. */
const PUBLIC = ['system.info']

let installation: Installation
/** `ours` owns the data; `theirs` must not see any of it. */
let ours: Org
let theirs: Org
let superuser: pg.Client
let fingerprint: string
let before: string
/** Invalid keys of the other organization. */
let spent: { readonly revoked: string; readonly expired: string }
const narrow = new Map<Permission, string>()

/** Every answer to the other organization or to a caller without a valid key. */
const answers: { readonly what: string; readonly text: string; readonly sent: string }[] = []
const covered = new Set<string>()

const operations = listOperations()
const exposed = operations.flatMap((operation) => FACES.filter((face) => hasFace(operation, face)).map((face) => ({ operation, face })))

beforeAll(async () => {
  installation = await startInstallation()
  ;({ ours, theirs } = installation)
  inputs = smallestInputs(theirs)
  superuser = new pg.Client({ connectionString: installation.databaseUrl })
  await superuser.connect()
  // The audit sealer writes these tables by itself.
  fingerprint = fingerprintQuery((await readRelations(superuser)).filter(({ name }) => !/audit_(seal|checkpoint)$/.test(name)))
  before = await readFingerprint()
  const call = callAs(installation.url, theirs.key)
  const make = (input: Readonly<Record<string, unknown>>) => call('keys.create', { name: 'spent', set: 'admin', ...input })
  const revoked = await make({})
  const expired = await make({ expiresAt: new Date(Date.now() + 1500).toISOString() })
  await call('keys.revoke', { keyId: revoked.id })
  spent = { revoked: revoked.secret ?? '', expired: expired.secret ?? '' }
  for (const permission of PERMISSION_SETS.admin) {
    const scopes = PERMISSION_SETS.admin.filter((scope) => scope !== permission)
    narrow.set(permission, (await make({ name: `all but ${permission}`, set: undefined, scopes })).secret ?? '')
  }
  narrow.set('orgs:admin', theirs.key)
  await until('the key has expired', () => Date.parse(expired.expiresAt ?? '') < Date.now())
})

afterAll(async () => {
  await superuser?.end()
  await installation?.close()
})

const readFingerprint = async () => (await superuser.query<{ fingerprint: string }>(fingerprint, [ours.uuid])).rows[0]?.fingerprint ?? ''

async function ask(what: string, face: FaceName, operation: Operation, input: unknown, key: string | null): Promise<Answered> {
  const answer = await sendPatiently(face, operation, input, { url: installation.url, key })
  answers.push({ what: `${operation.name} over ${face}, ${what}`, text: answer.text, sent: answer.sent })
  covered.add(`${operation.name} ${face} ${what}`)
  return answer
}

/** An input by operation that is valid except for the key. It is the same for all calls. */
const inputOf = (operation: Operation) => inputs(operation)
let inputs: (operation: Operation) => Readonly<Record<string, unknown>>

/** Only the fields that the path needs. */
function inputInPath(operation: Operation): Readonly<Record<string, unknown>> {
  const input = inputOf(operation)
  return Object.fromEntries(pathParameters(operation.http.path).map((name) => [name, input[name]]))
}

test('only the listed operations are public', () => {
  expect(operations.filter(({ permission }) => permission === 'public').map(({ name }) => name)).toEqual(PUBLIC)
})

const strangers = {
  'no key': () => null,
  'no key and no input': () => null,
  'a malformed key': () => 'not-a-key',
  'a key with an extra character': () => `${theirs.key}x`,
  'an unknown key': () => `orr_abcdefgh_${randomBytes(32).toString('base64url')}`,
  'a revoked key': () => spent.revoked,
  'an expired key': () => spent.expired,
} as const

test.for(Object.keys(strangers) as (keyof typeof strangers)[])('with %s, only public operations succeed', async (what) => {
  for (const { operation, face } of exposed) {
    const input = what === 'no key and no input' ? inputInPath(operation) : inputOf(operation)
    const answer = await ask(what, face, operation, input, strangers[what]())
    const name = `${operation.name} over ${face}`
    if (operation.permission === 'public' && face !== 'mcp') {
      expect(answer.problem, name).toBeUndefined()
      continue
    }
    expect([answer.status, answer.problem?.code], name).toEqual([401, 'unauthenticated'])
    expect(brokenProblem(answer), name).toBeNull()
    if (face !== 'trpc') expect(answer.headers.get('www-authenticate'), name).toMatch(/^Bearer realm="orrery"/)
  }
})

test('a key without the scope is rejected with the name of the scope', async () => {
  for (const { operation, face } of exposed) {
    if (!isScope(operation.permission)) continue
    const answer = await ask('a key without the scope', face, operation, inputOf(operation), narrow.get(operation.permission) ?? '')
    const name = `${operation.name} over ${face}`
    expect([answer.status, answer.problem?.code, answer.problem?.permission], name).toEqual([403, 'forbidden', operation.permission])
    expect(brokenProblem(answer), name).toBeNull()
  }
})

interface Place {
  /** For instance `items.0.workflow`. */
  readonly path: readonly (string | number)[]
  readonly foreign: string
  readonly missing: string
}

const suffix = () => encodeId('run', randomUUID()).slice(4)

/** One of our values and a nonexistent value for a text field, chosen by the pattern of the field or else by its name. */
function valuesFor(field: string, pattern: string): Pick<Place, 'foreign' | 'missing'> | null {
  const prefix = /^\^(\w+)_\[0-7]/.exec(pattern)?.[1]
  if (prefix !== undefined) return { foreign: ourIdOf(prefix), missing: `${prefix}_${suffix()}` }
  if (pattern === '^[0-9a-f]{64}$') return { foreign: ours.version, missing: randomBytes(32).toString('hex') }
  const named: Readonly<Record<string, string>> = {
    workflow: ours.workflow,
    queue: ours.queue,
    limit: ours.limit,
    calendar: ours.calendar,
    pipeline: ours.pipeline,
    tool: ours.tool,
    automation: ours.automation,
    connection: ours.connectionIds[2] ?? '',
    role: ours.role,
    // Words that do not identify us, because values that they send themselves appear in their lists later.
    tag: ours.word,
    tags: ours.word,
    subject: ours.runs.succeeded,
    key: ours.word,
    concurrencyKey: ours.word,
  }
  const foreign = named[field]
  // Of the same length, so that the lengths of the answers are comparable too.
  return foreign === undefined ? null : { foreign, missing: `m${'0123456789abcdef'.repeat(40).slice(0, foreign.length - 1)}` }
}

function ourIdOf(prefix: string): string {
  if (prefix === 'run') return ours.runs.waiting
  if (prefix === 'org') return ours.id
  const [id] = ours.ids[prefix] ?? []
  if (id === undefined) throw new Error(`No answer in installation.ts has an id with the prefix ${prefix}: create one in makeOrg`)
  return id
}

const placesOf = (operation: Operation) => placesIn({ type: 'object', properties: fieldSchemas(operation) }, [])

function placesIn(schema: JsonSchema, path: readonly (string | number)[]): Place[] {
  const field = String(path.findLast((part) => typeof part === 'string') ?? '')
  const among = schema.anyOf ?? schema.oneOf
  if (among !== undefined) return among.flatMap((one) => placesIn(one, path))
  if (schema.type === 'object') {
    const properties = (schema.properties ?? {}) as Record<string, JsonSchema>
    // The manifest of a bundle describes the bundle and refers to nothing else.
    return Object.entries(properties).flatMap(([name, property]) => (name === 'manifest' ? [] : placesIn(property, [...path, name])))
  }
  if (schema.type === 'array') return placesIn(schema.items ?? {}, [...path, 0])
  if (schema.type !== 'string') return []
  const values = valuesFor(field, String(schema.pattern ?? ''))
  return values === null ? [] : [{ path, ...values }]
}

/** A copy of the input with the value at this path. Missing objects on the path get their required fields. */
function put(input: unknown, [first, ...rest]: readonly (string | number)[], value: string): unknown {
  if (first === undefined) return value
  if (typeof first === 'number') return [put(Array.isArray(input) ? input[0] : NEEDED, rest, value)]
  return {
    ...(typeof input === 'object' ? input : {}),
    ...(first === 'debounce' ? { debounce: { key: 'k', delay: '1h' } } : {}),
    [first]: put((input as Record<string, unknown>)?.[first] ?? (first === 'debounce' ? { key: 'k', delay: '1h' } : {}), rest, value),
  }
}
const NEEDED = { workflow: 'talk' }

function plain(text: string, place: Place): string {
  return scrub([place.foreign, place.missing].reduce((told, value) => told.replaceAll(value, '<value>'), text))
}

const PUBLIC_ID = new RegExp(`\\b(${ID_PREFIXES.join('|')})_[0-9a-z]{26}\\b`, 'g')

/** Replaces ids, times and tokens, which differ between requests. */
function scrub(text: string): string {
  return text
    .replaceAll(/"requestId":"[^"]*"/g, '')
    .replaceAll(PUBLIC_ID, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>')
}

test('an id of another organization gets the same answer as a nonexistent id', async () => {
  let compared = 0
  const differences: string[] = []
  for (const { operation, face } of exposed) {
    const places = placesOf(operation)
    for (const place of places) {
      const sample = inputOf(operation)
      const what = `with a foreign ${place.path.join('.')}`
      const foreign = await ask(what, face, operation, put(sample, place.path, place.foreign), theirs.key)
      const missing = await ask(
        `with a missing ${place.path.join('.')}`,
        face,
        operation,
        put(sample, place.path, place.missing),
        theirs.key,
      )
      compared += 1
      const told = [foreign, missing].map((answer) => `${answer.status} ${plain(JSON.stringify(answer.problem ?? answer.output), place)}`)
      if (told[0] !== told[1]) differences.push(`${operation.name} over ${face} ${what}:\n  ${told.join('\n  ')}`)
      if (foreign.problem !== undefined) expect(brokenProblem(foreign)).toBeNull()
      if (foreign.status >= 500) differences.push(`${operation.name}: ${foreign.status}`)
    }
    const all = places.reduce<unknown>((input, place) => put(input, place.path, place.foreign), inputOf(operation))
    await ask('with every foreign id', face, operation, all, theirs.key)
  }
  console.log(`operations: ${compared} foreign values compared with missing ones`)
  expect(differences).toEqual([])
  expect(compared).toBeGreaterThanOrEqual(100)
})

test('lists accept a cursor of another organization without showing its rows', async () => {
  for (const { operation, face } of exposed) {
    if (!('cursor' in operation.input.shape)) continue
    const input = { ...inputOf(operation), limit: 1 }
    const own = await sendPatiently(
      face,
      operation,
      { ...input, ...ourIdsIn(operation) },
      { url: installation.url, key: operation.permission === 'orgs:admin' ? installation.adminKey : ours.key },
    )
    const cursor = (own.output as { nextCursor?: string | null } | undefined)?.nextCursor ?? 'WyIwIl0'
    const answer = await ask('with a foreign cursor', face, operation, { ...input, limit: 200, cursor }, theirs.key)
    expect(answer.status, operation.name).toBeLessThan(500)
  }
})

function ourIdsIn(operation: Operation): Readonly<Record<string, unknown>> {
  return {
    ...('runId' in operation.input.shape ? { runId: ours.runs.succeeded } : {}),
    ...('workflow' in operation.input.shape && operation.name !== 'runs.list' ? { workflow: ours.workflow } : {}),
  }
}

const commands = operations.filter(({ cli }) => cli !== undefined)

/** Runs the command of the operation. Its output is searched for leaks with the other answers. */
async function command(what: string, operation: Operation, input: object, key: string | null): Promise<Said> {
  const said = await runCommand(operation, input, { url: installation.url, key })
  answers.push({ what: `${operation.name} on the command line, ${what}`, ...said })
  covered.add(`${operation.name} cli ${what}`)
  return said
}

test('a command without authorization is rejected and prints the code of the problem', async () => {
  for (const operation of commands) {
    for (const [what, keyOf] of Object.entries(strangers)) {
      const { status, text } = await command(
        what,
        operation,
        what === 'no key and no input' ? inputInPath(operation) : inputOf(operation),
        keyOf(),
      )
      const said = text.includes('(unauthenticated)')
      if (operation.permission === 'public') expect([status, said], operation.name).toEqual([EXIT.ok, false])
      // A command with a missing field fails without a request.
      else if (status !== EXIT.usage || what !== 'no key and no input')
        expect([status, said], `${operation.name}: ${text}`).toEqual([EXIT.refused, true])
    }
    if (!isScope(operation.permission)) continue
    const { status, text } = await command('a key without the scope', operation, inputOf(operation), narrow.get(operation.permission) ?? '')
    expect([status, text.includes('(forbidden)')], `${operation.name}: ${text}`).toEqual([EXIT.refused, true])
  }
})

/** The second of two calls meets what the first has made. `roles.put` has made both roles by then. */
const isOnce = ({ name }: Operation, places: readonly Place[]): boolean => places.length === 0 || name === 'invitations.create'

test('a command prints the same for an id of another organization as for a nonexistent id', async () => {
  for (const operation of commands) {
    const places = placesOf(operation)
    const inputs = (['foreign', 'missing'] as const).map((which) =>
      places.reduce<unknown>((input, place) => put(input, place.path, place[which]), inputOf(operation)),
    )
    const [foreign, missing] = await Promise.all(
      inputs.map((input) => command('with every foreign id', operation, input as object, theirs.key)),
    )
    const [told, expected] = [foreign, missing].map((said) => [
      said?.status,
      scrub(places.reduce((text, place) => plain(text, place), said?.text ?? '')),
    ])
    if (!isOnce(operation, places)) expect(told, operation.name).toEqual(expected)
  }
})

test('a payload that looks like a reference to a stored payload is not resolved', async () => {
  const { rows } = await superuser.query<{ hash: string }>(`select hash from engine.blob where org_id = $1`, [ours.uuid])
  expect(rows.length).toBeGreaterThan(0)
  const call = callAs(installation.url, theirs.key)
  for (const { hash } of rows) {
    const input = { $blob: hash }
    const { runId } = await call('runs.start', { workflow: 'talk', input })
    expect((await call('runs.get', { runId })).input).toEqual(input)
    await call('runs.signal', { runId, name: 'answer', payload: input })
    expect((await call('runs.result', { runId, timeout: '20s' })).output).toEqual({ answer: input })
  }
})

test('resources and streams show nothing of another organization', async () => {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    authorization: `Bearer ${theirs.key}`,
  }
  const rpc = async (method: string, params: unknown) => {
    const response = await fetch(`${installation.url}/mcp`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    return response.text()
  }
  const read = (runId: string) =>
    rpc('resources/read', { uri: `orrery://runs/${runId}/history` }).then((text) => text.replaceAll(runId, '<id>'))
  expect(await read(ours.runs.succeeded)).toBe(await read(`run_${suffix()}`))
  const { runId } = await callAs(installation.url, theirs.key)('runs.start', { workflow: 'talk', input: {} })
  expect(await rpc('resources/list', {})).toContain(runId)
  const seen = [await rpc('resources/list', {}), await rpc('tools/list', {}), await readStream()]
  for (const text of seen) expect(text).not.toContain(ours.canary)
  for (const run of Object.values(ours.runs)) for (const text of seen) expect(text).not.toContain(run)
  for (const path of ['/api/v1/events/stream', '/mcp']) expect((await fetch(`${installation.url}${path}`)).status).toBe(401)
})

/** All events of the other organization so far. */
async function readStream(): Promise<string> {
  const stop = new AbortController()
  const response = await fetch(`${installation.url}/api/v1/events/stream`, {
    headers: { authorization: `Bearer ${theirs.key}`, 'last-event-id': '0-0' },
    signal: stop.signal,
  })
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('key.created')) break
  }
  stop.abort()
  return text
}

test('no answer to another caller contains our data, and our data has not changed', async () => {
  const secrets = [
    ours.canary,
    ours.id,
    ours.uuid,
    ours.key,
    ours.version,
    ...ours.keyIds,
    ...Object.values(ours.ids).flat(),
    ...Object.values(ours.runs),
  ]
  const leaks = answers.filter(({ text, sent }) => secrets.some((secret) => text.includes(secret) && !sent.includes(secret)))
  console.log(
    `operations: ${operations.length} operations, ${exposed.length} with faces, ${answers.length} answers to others, ${leaks.length} leaks`,
  )
  expect(leaks.map(({ what, text }) => `${what}: ${text.slice(0, 300)}`)).toEqual([])
  const now = await readFingerprint()
  const changed = now.split(' ').filter((part) => !before.includes(part))
  expect(changed).toEqual([])
  // Control: the search finds our data in our own answer.
  const own = await callAs(installation.url, ours.key)('runs.list', {})
  expect(JSON.stringify(own)).toContain(ours.canary)
})

test('every combination of operation, face and kind of caller was tried', () => {
  const whats = [...Object.keys(strangers), 'a key without the scope', 'with every foreign id']
  const all = [...exposed, ...commands.map((operation) => ({ operation, face: 'cli' }))]
  const uncovered = all.flatMap(({ operation, face }) =>
    whats
      .filter((what) => isScope(operation.permission) || what !== 'a key without the scope')
      .map((what) => `${operation.name} ${face} ${what}`)
      .filter((name) => !covered.has(name)),
  )
  expect(uncovered).toEqual([])
})
