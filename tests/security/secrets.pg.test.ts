/**
 * Fills every secret field of every operation, as the shapes of the inputs declare them. No secret is stored or logged as text, and a guess at a
 * secret cannot be checked against the stored digests of inputs.
 */
import { randomBytes } from 'node:crypto'
import { listOperations, type Operation, type OperationName, ProblemError } from '@orrery/contract'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldSchemas, type JsonSchema } from '../../apps/server/src/rest/from-text.ts'
import { bootstrapInstallation, createDatabase, digest, makeSecretKey, readSecretKeys } from '../../packages/kernel/src/index.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { findTexts, readRelations } from './catalogue.ts'
import { inputsOf, type World } from './generate-input.ts'
import { openQuietCore, type QuietCore } from './quiet-core.ts'

type Input = Readonly<Record<string, unknown>>

/** A call that succeeded. Its secrets are unique. */
interface Taken {
  readonly operation: Operation
  readonly input: Input
  readonly key: string
  readonly secrets: readonly string[]
}

const secretKey = makeSecretKey()
const takers = listOperations().filter((operation) => formsOf(operation).length > 0)

let database: TestDatabase
let superuser: pg.Client
let core: QuietCore
/** The same installation after a rotation of the secret key. */
let rotated: QuietCore
let credential = ''
let log = ''
const taken: Taken[] = []
const reached = new Set<string>()
/** Secrets in calls that were refused. */
const refused: string[] = []
const problems: string[] = []
/** Ids of connections by type. */
const connections = new Map<unknown, unknown>()

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = new pg.Client({ connectionString: database.url })
  await superuser.connect()
  const own = createDatabase({ url: database.url })
  credential = (await bootstrapInstallation(own, readSecretKeys(secretKey), Date.now())).secret ?? ''
  await own.close()
  const onLog = (line: string) => void (log += line)
  core = openQuietCore(database.url, { secrets: readSecretKeys(secretKey), onLog })
  rotated = openQuietCore(database.url, { secrets: readSecretKeys(makeSecretKey() + secretKey), onLog })
  for (const operation of takers) await takeSecrets(operation)
})

afterAll(async () => {
  await core?.close()
  await rotated?.close()
  await superuser?.end()
  await database?.drop()
})

/** Calls with generated inputs until a call has succeeded for each secret field. */
async function takeSecrets(operation: Operation): Promise<void> {
  const world: World = { known: {}, bundle: { code: '', hash: '', manifest: {} } as never }
  for (const [at, sample] of fc.sample(inputsOf(operation, world), { numRuns: 2000, seed: 1 }).entries()) {
    const filled = fill(operation, withConnection(sample))
    const isNew = filled.places.some((place) => !reached.has(`${operation.name} ${place}`))
    if (!isNew || !operation.input.safeParse(filled.input).success) continue
    const { input, secrets } = filled
    await refuse(operation, input, secrets)
    const key = `${operation.name}-${at}`
    const output = await attempt(operation, input, key)
    if (output === null) continue
    const { type } = input.settings as { readonly type?: unknown }
    connections.set(type, output.id)
    for (const place of filled.places) reached.add(`${operation.name} ${place}`)
    taken.push({ operation, input, key, secrets })
  }
}

/** Points a change at a connection of the right type. */
function withConnection(input: Input): Input {
  if (!('connectionId' in input)) return input
  const settings = input.settings as { readonly type?: unknown } | undefined
  return { ...input, connectionId: connections.get(settings?.type) ?? input.connectionId }
}

async function attempt(operation: Operation, input: Input, idempotencyKey: string): Promise<Input | null> {
  try {
    const how = { credential, idempotencyKey, requestId: idempotencyKey }
    return (await core.call(operation.name as OperationName, input, how)).output as Input
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return null
  }
}

/** Calls with an unknown field, so that validation refuses the input. */
async function refuse(operation: Operation, input: Input, secrets: readonly string[]): Promise<void> {
  const answer = await core.call(operation.name as OperationName, { ...input, 'no such field': 1 }, { credential }).catch((error) => error)
  expect(answer).toBeInstanceOf(ProblemError)
  refused.push(...secrets)
  problems.push(JSON.stringify((answer as ProblemError).toProblem('r', '/')))
}

/** Replaces each secret in the input by a new one. */
function fill(operation: Operation, input: Input): { readonly input: Input; readonly places: string[]; readonly secrets: string[] } {
  const copy = structuredClone(input)
  const [places, secrets] = [[] as string[], [] as string[]]
  const put = (schema: JsonSchema, holder: Record<string, unknown>, field: string, path: string): void => {
    const value = holder[field]
    if (value === undefined || value === null) return
    for (const form of [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
      if (!isOfForm(form, value)) continue
      if (form.writeOnly === true) {
        const isRecord = typeof value === 'object'
        const secret = `${String(form.pattern).includes('whsec_') ? 'whsec_' : 'canary'}${randomBytes(24).toString('hex')}`
        holder[field] = isRecord ? { canary: secret } : secret
        places.push(path)
        secrets.push(secret)
        return
      }
      const kind = (form.properties as Record<string, JsonSchema> | undefined)?.type?.const
      for (const [name, property] of Object.entries(form.properties ?? {}))
        put(property as JsonSchema, value as Record<string, unknown>, name, `${path}${kind === undefined ? '' : `(${kind})`}.${name}`)
    }
  }
  for (const [name, schema] of Object.entries(fieldSchemas(operation))) put(schema, copy as Record<string, unknown>, name, name)
  return { input: copy, places, secrets }
}

/** Whether the value has the constants of this member of a union. */
function isOfForm({ properties = {} }: JsonSchema, value: unknown): boolean {
  return Object.entries(properties as Record<string, JsonSchema>).every(
    ([name, { const: fixed }]) => fixed === undefined || (value as Record<string, unknown>)[name] === fixed,
  )
}

/** Paths of all secret fields of an operation. */
function formsOf(operation: Operation): string[] {
  const find = (schema: JsonSchema, path: string): string[] => {
    if (schema.writeOnly === true) return [path]
    const kind = (schema.properties as Record<string, JsonSchema> | undefined)?.type?.const
    return [
      ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((form) => find(form, path)),
      ...Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(([name, property]) =>
        find(property, `${path}${kind === undefined ? '' : `(${kind})`}.${name}`),
      ),
    ]
  }
  return Object.entries(fieldSchemas(operation)).flatMap(([name, schema]) => find(schema, name))
}

test('each secret field was set in a call that succeeded', () => {
  const places = takers.flatMap((operation) => formsOf(operation).map((path) => `${operation.name} ${path}`))
  expect(places.filter((place) => !reached.has(place))).toEqual([])
  expect(places.length).toBeGreaterThanOrEqual(20)
})

test('no table, event, stored answer, problem or log line contains a secret', async () => {
  const secrets = [...taken.flatMap((one) => one.secrets), ...refused]
  const relations = await readRelations(superuser)
  expect(await findTexts(superuser, relations, secrets)).toEqual([])
  expect(secrets.filter((secret) => log.includes(secret) || problems.some((text) => text.includes(secret)))).toEqual([])
  // The search finds a text that is stored.
  expect(await findTexts(superuser, relations, ['mcp_stdio'])).toEqual(
    expect.arrayContaining(['app.connection.settings', 'engine.event.data']),
  )
  expect(log).toContain('connections.create')
})

test('a guess at a secret cannot be checked against a stored digest', async () => {
  for (const { operation, input, key } of taken) {
    const parsed = operation.input.parse(input)
    const { rows } = await superuser.query<{ audited: string; kept: string }>(
      `select e.input_digest as audited, encode(k.fingerprint, 'hex') as kept
       from app.audit_entry e join app.idempotency_key k on k.org_id = e.org_id and k.key = e.request_id where e.request_id = $1`,
      [key],
    )
    expect(rows).toHaveLength(1)
    const guesses = [parsed, input, [operation.name, parsed], [operation.name, input]].map((guess) => digest(guess).toString('hex'))
    for (const guess of guesses) expect(Object.values(rows[0] ?? {}), key).not.toContain(guess)
  }
})

test('the stored digest depends on the secret and on the secret key of the installation', async () => {
  for (const { operation, input, key } of taken) {
    const ask = (at: QuietCore, given: Input) => at.call(operation.name as OperationName, given, { credential, idempotencyKey: key })
    expect(await ask(core, input)).toMatchObject({ replayed: true })
    const other = fill(operation, input).input
    expect(operation.input.safeParse(other).success).toBe(true)
    await expect(ask(core, other)).rejects.toMatchObject({ code: 'idempotency.key_reused' })
    await expect(ask(rotated, input)).rejects.toMatchObject({ code: 'idempotency.key_reused' })
  }
})
