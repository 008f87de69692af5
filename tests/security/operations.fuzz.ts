/**
 * Bad input: every operation of the registry, with inputs made from its own schema, spoiled in every way that we know, over every face.
 * No answer may be a failure of ours, be late, or have another form than is declared.
 *
 * The same requests each time, so that what fails is what was changed; `npm run fuzz` draws others, and many more.
 * ORRERY_FUZZ_SEED repeats a run; ORRERY_FUZZ_REQUESTS says how many each operation gets.
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
/** CI sends at least so many. */
const LEAST = 200

const operations = listOperations()
const counts = new Map<string, number>()
const statuses = new Map<string, number>()

let installation: Installation
let world: World

beforeAll(async () => {
  console.log(`fuzz: ORRERY_FUZZ_SEED=${seed}`)
  installation = await startInstallation()
  // Cancelled and signalled one after another, live runs would soon be rare.
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

/** What the server says about a request. */
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
  test.for(operations.map((operation) => [operation.name, operation] as const))('%s answers as it declares', async ([name, operation]) => {
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
    // Each operation draws from a row of its own, so that all ways to spoil a request are met among them.
    const own = (seed + operations.indexOf(operation)) % 2 ** 31
    const { failed, errorInstance } = await fc.check(fc.asyncProperty(shotsAt(operation, world), shoot), {
      seed: own,
      numRuns,
      endOnFailure: true,
    })
    if (failed) throw errorInstance
  })
})

test('every operation was tried, each on all of its faces', () => {
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

test('bodies up to the limit of an operation are read, larger ones refused, and nobody without a key makes the server read so much', async () => {
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

test.for(Object.entries(HTTP_NONSENSE))('bytes that are no HTTP are refused: %s', async ([, bytes]) => {
  const answer = await sendBytes(installation.url, bytes.replaceAll('KEY', installation.ours.key))
  // Nothing at all: the connection was closed.
  expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/)
})

test('afterwards the server is well and runs what it is given, no invariant is broken, and the log has no error', async () => {
  const admin = { headers: { authorization: `Bearer ${installation.adminKey}` } }
  const health = (await (await fetch(`${installation.url}/health/detailed`, admin)).json()) as {
    checks: Record<string, { status: string }>
  }
  // Runs were started in queues that nobody serves, so the queues may be behind.
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

/** A fork or an edit may give a workflow what it never saw. */
const EXPECTED_WARNINGS = ['a run is blocked']
