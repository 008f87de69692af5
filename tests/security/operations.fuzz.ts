/**
 * Bad input: calls every operation of the registry over every face with inputs generated from its own schema and spoiled in every known
 * way. No answer may be a server error, be late, or differ from its declared form.
 *
 * The requests are the same in each run, so a new failure comes from a change of the code. `npm run fuzz` sends other requests, and more of
 * them. ORRERY_FUZZ_SEED repeats a run; ORRERY_FUZZ_REQUESTS sets the number of requests for each operation.
 */
import { listOperations, type Operation } from '@orrery/contract'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRelations } from './catalogue.ts'
import { hasFace } from './faces.ts'
import { describeRequest, fire, type Shot, shotsAt } from './fuzz-operation.ts'
import { type World, worldOf } from './generate-input.ts'
import { callAs, type Installation, startInstallation } from './installation.ts'
import { HTTP_NONSENSE, sendBytes } from './send-bytes.ts'

const seed = Number(process.env.ORRERY_FUZZ_SEED ?? 20_261_121)
const numRuns = Number(process.env.ORRERY_FUZZ_REQUESTS ?? 220)
/** The minimum number of requests for each operation in CI. */
const LEAST = 200

const operations = listOperations()
const counts = new Map<string, number>()
const statuses = new Map<string, number>()

let installation: Installation
let world: World

beforeAll(async () => {
  console.log(`fuzz: ORRERY_FUZZ_SEED=${seed}`)
  installation = await startInstallation()
  // The requests cancel and signal runs, so start enough of them.
  const items = Array.from({ length: 300 }, () => ({ workflow: 'talk', input: { word: 'fuzz' } }))
  const started = await callAs(installation.url, installation.ours.key)('runs.startMany', { items })
  world = worldOf(
    installation.ours,
    started.items.flatMap((item) => ('runId' in item ? [item.runId] : [])),
  )
})

afterAll(async () => {
  await installation?.close()
})

function keyFor(operation: Operation): string {
  return operation.permission === 'orgs:admin' ? installation.adminKey : installation.ours.key
}

/** The log lines of a request. */
function logOf(requestId: string | null): string[] {
  if (requestId === null) return []
  return installation
    .log()
    .split('\n')
    .filter((line) => line.includes(requestId))
}

function count(counters: Map<string, number>, name: string): void {
  counters.set(name, (counters.get(name) ?? 0) + 1)
}

describe.concurrent('bad input', () => {
  test.for(operations.map((operation) => [operation.name, operation] as const))(
    '%s answers in its declared form',
    async ([name, operation]) => {
      const how = { url: installation.url, key: keyFor(operation) }
      const shoot = async (shot: Shot): Promise<void> => {
        const { request, status, requestId, fault } = await fire(operation, shot, how)
        count(counts, name)
        count(statuses, `${shot.face} ${status}`)
        if (fault === null) return
        const what = `${name} over ${shot.face}${shot.spoiler === null ? '' : `, ${shot.spoiler.name}`}: ${fault}`
        const again = `ORRERY_FUZZ_SEED=${seed} ORRERY_FUZZ_REQUESTS=${numRuns}`
        throw new Error([what, again, '', describeRequest(request), '', ...logOf(requestId)].join('\n'))
      }
      // Each operation has its own seed, so that together they cover all ways to spoil a request.
      const own = (seed + operations.indexOf(operation)) % 2 ** 31
      const { failed, errorInstance } = await fc.check(fc.asyncProperty(shotsAt(operation, world), shoot), {
        seed: own,
        numRuns,
        endOnFailure: true,
      })
      if (failed) throw errorInstance
    },
  )
})

test('every operation got enough requests', () => {
  const all = [...counts.values()].reduce((sum, one) => sum + one, 0)
  console.log(
    `fuzz: ${all} requests to ${counts.size} operations; ${[...statuses]
      .sort()
      .map(([what, times]) => `${what}: ${times}`)
      .join(', ')}`,
  )
  expect([...counts.keys()].sort()).toEqual(operations.map(({ name }) => name).sort())
  for (const [name, times] of counts) expect(times, name).toBeGreaterThanOrEqual(Math.min(LEAST, numRuns))
  expect(operations.filter((operation) => hasFace(operation, 'mcp')).length).toBeGreaterThan(10)
})

test('bodies are read up to the limit of the operation and only for callers with a key', async () => {
  const large = operations.filter(({ http }) => http.maxBodyBytes !== undefined)
  expect(large.length).toBeGreaterThan(0)
  for (const operation of large) {
    const request = {
      method: operation.http.method,
      path: `/api/v1${operation.http.path}`,
      headers: { 'content-type': 'application/json' },
    }
    const bodyOf = (bytes: number) => JSON.stringify({ code: 'x'.repeat(bytes) })
    const limit = operation.http.maxBodyBytes ?? 0
    expect(await statusOf(request, bodyOf(limit - 100), keyFor(operation))).toBe(400)
    expect(await statusOf(request, bodyOf(limit + 1), keyFor(operation))).toBe(413)
    expect(await statusOf(request, bodyOf(limit + 1), null)).toBe(401)
  }
})

async function statusOf(
  request: { readonly method: string; readonly path: string; readonly headers: Record<string, string> },
  body: string,
  key: string | null,
) {
  const headers = { ...request.headers, ...(key === null ? {} : { authorization: `Bearer ${key}` }) }
  const response = await fetch(`${installation.url}${request.path}`, { method: request.method, headers, body })
  await response.body?.cancel()
  return response.status
}

test.for(Object.entries(HTTP_NONSENSE))('rejects malformed HTTP: %s', async ([, bytes]) => {
  const answer = await sendBytes(installation.url, bytes.replaceAll('KEY', installation.ours.key))
  // The server may also close the connection without an answer.
  expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/)
})

test('the server is healthy afterwards, still runs workflows, breaks no invariant and logs no error', async () => {
  const admin = { headers: { authorization: `Bearer ${installation.adminKey}` } }
  const health = (await (await fetch(`${installation.url}/health/detailed`, admin)).json()) as {
    checks: Record<string, { status: string }>
  }
  // Some runs are in queues without workers, so queues may be behind.
  const unwell = Object.entries(health.checks).filter(([name, { status }]) => status !== 'ok' && name !== 'queue')
  expect(unwell).toEqual([])
  const call = callAs(installation.url, installation.theirs.key)
  const { runId } = await call('runs.start', { workflow: 'greeting', input: { word: 'after' } })
  expect(await call('runs.result', { runId, timeout: '20s' })).toMatchObject({ done: true, status: 'succeeded' })
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(await brokenInvariants()).toEqual([])
  const lines = installation.log().trimEnd().split('\n')
  const loud = lines
    .map((line) => JSON.parse(line) as { level: string; msg?: string })
    .filter(({ level }) => !['debug', 'info'].includes(level))
  const unexpected = loud.filter(({ msg = '' }) => !EXPECTED_WARNINGS.includes(msg))
  console.log(`fuzz: ${lines.length} lines of log, ${loud.length} warnings, ${unexpected.length} of them unexpected`)
  expect(unexpected.slice(0, 20)).toEqual([])
})

async function brokenInvariants(): Promise<string[]> {
  const superuser = new pg.Client({ connectionString: installation.databaseUrl })
  await superuser.connect()
  const views = (await readRelations(superuser)).filter(({ name }) => /\.inv_/.test(name))
  expect(views.length).toBeGreaterThan(20)
  const found: string[] = []
  for (const { name } of views) {
    const { rows } = await superuser.query(`select * from ${name} limit 3`)
    found.push(...rows.map((row) => `${name}: ${JSON.stringify(row)}`))
  }
  await superuser.end()
  return found
}

/** A fork or an edit may lead to a history that the workflow cannot replay. */
const EXPECTED_WARNINGS = ['a run is blocked']
