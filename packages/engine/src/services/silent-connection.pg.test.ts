/** Goal: a connection that goes silent, as firewalls let idle ones do, stops a worker for no longer than a lease. */
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { openTcpProxy, type TcpProxy } from '../../../../tests/support/tcp-proxy.ts'
import { until } from '../../../../tests/support/until.ts'
import type { Engine } from '../api.ts'
import { buildBundle } from '../bundle/build-bundle.ts'
import { createPostgresStore } from '../store/postgres/create-postgres-store.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import './fixtures/workflows.ts'
import { begun } from './fixtures/payment.ts'
import type { EngineFact } from './observe.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const org = '00000000-0000-7000-8000-000000000001'
const LEASE_MS = 1000
const SLEEPING = `select from pg_stat_activity where query like 'insert into public.payment%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`

let database: TestDatabase
let proxy: TcpProxy
let direct: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  direct = new pg.Client({ connectionString: database.url })
  await direct.connect()
  await direct.query('create table public.payment (run uuid not null)')
  proxy = await openTcpProxy(database.url)
})
afterAll(async () => {
  await proxy?.close()
  await direct?.end()
  await database?.drop()
})

function open() {
  const facts: EngineFact[] = []
  const store = createPostgresStore({ url: proxy.url, answerMsMax: 2 * LEASE_MS })
  const engine = createEngine({ store, notifier: store.notifier, beatMs: 100, leaseMs: LEASE_MS, observe: (fact) => facts.push(fact) })
  return { engine, facts }
}

/** A call may meet a silent connection and fail; the caller tries again. */
const again = <T>(call: () => Promise<T>): Promise<T> => call().catch(() => again(call))

async function go(engine: Engine, workflow: string, input: number | null): Promise<{ run: string; output: string | null }> {
  const started = await again(() => engine.start({ org, workflow, input }))
  const run = 'run' in started ? started.run : ''
  const result = await again(() => engine.result(org, run, 30_000))
  return { run, output: result?.output ?? null }
}

async function expectNoViolations(): Promise<void> {
  const store = createPostgresStore({ url: database.url })
  expect(await store.violations()).toEqual([])
  await store.close()
}

const deploy = async (engine: Engine) => {
  for (const entry of ['fixtures/workflows.ts', 'fixtures/payment.ts'])
    await engine.deploy(org, await buildBundle({ entries: [entry], root }))
}

it.each([
  ['orrery flush', 'five', 1, '6'],
  ['orrery engine', 'five', 1, '6'],
  ['orrery notifier', 'five', 1, '6'],
  ['orrery steps', 'payment', null, '"paid"'],
] as const)('runs end after the connections of "%s" went silent', async (application, workflow, input, output) => {
  const { engine } = open()
  try {
    await deploy(engine)
    await engine.work({ steps: stepRegistry() })
    expect(await go(engine, workflow, input)).toMatchObject({ output })
    expect(proxy.silence(application)).toBeGreaterThan(0)
    expect(await go(engine, workflow, input)).toMatchObject({ output })
  } finally {
    await engine.close()
  }
  await expectNoViolations()
})

it('a process without a worker starts runs after its flush connection went silent', async () => {
  const { engine } = open()
  try {
    await deploy(engine)
    const start = () => engine.start({ org, workflow: 'five', input: 1 })
    expect(await start()).toMatchObject({ type: 'started' })
    expect(proxy.silence('orrery flush')).toBe(1)
    expect(await start()).toMatchObject({ type: 'started' })
  } finally {
    await engine.close()
  }
})

it.each([
  ['continues for as long as the database executes it', false, 1],
  ['is tried again when its connection went silent meanwhile', true, 2],
] as const)('a slow statement of a transactional step %s', async (_, goesSilent, bodies) => {
  const { engine } = open()
  try {
    await deploy(engine)
    await engine.work({ steps: stepRegistry() })
    const paid = go(engine, 'slowPayment', null)
    if (goesSilent) {
      await until('the statement is executed', async () => (await direct.query(SLEEPING)).rowCount === 1)
      expect(proxy.silence('orrery steps')).toBeGreaterThan(0)
    }
    const { run, output } = await paid
    expect(output).toBe('"paid"')
    expect(begun.filter((each) => each === run)).toHaveLength(bodies)
  } finally {
    await engine.close()
  }
  await expectNoViolations()
})
