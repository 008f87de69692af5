/** Goal: a connection that goes silent, as firewalls let idle ones do, stops a worker for no longer than a lease. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { openTcpProxy, type TcpProxy } from '../../../../tests/support/tcp-proxy.ts'
import { buildBundle } from '../bundle/build-bundle.ts'
import { createPostgresStore } from '../store/postgres/create-postgres-store.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import './fixtures/workflows.ts'
import type { EngineFact } from './observe.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const org = '00000000-0000-7000-8000-000000000001'
const LEASE_MS = 1000

let database: TestDatabase
let proxy: TcpProxy
beforeAll(async () => {
  database = await createTestDatabase()
  proxy = await openTcpProxy(database.url)
})
afterAll(async () => {
  await proxy?.close()
  await database?.drop()
})

it.each(['orrery flush', 'orrery engine', 'orrery notifier'])('runs end after the connections of "%s" went silent', async (application) => {
  const facts: EngineFact[] = []
  const store = createPostgresStore({ url: proxy.url, answerMsMax: 2 * LEASE_MS })
  const engine = createEngine({ store, notifier: store.notifier, beatMs: 100, leaseMs: LEASE_MS, observe: (fact) => facts.push(fact) })
  try {
    await engine.deploy(org, await buildBundle({ entries: ['fixtures/workflows.ts'], root }))
    await engine.work({ steps: stepRegistry() })
    /** A call may meet a silent connection and fail; the caller tries again. */
    const again = <T>(call: () => Promise<T>): Promise<T> => call().catch(() => again(call))
    const go = async () => {
      const started = await again(() => engine.start({ org, workflow: 'five', input: 1 }))
      return again(() => engine.result(org, 'run' in started ? started.run : '', 30_000))
    }
    expect((await go())?.output).toBe('6')
    expect(proxy.silence(application)).toBeGreaterThan(0)
    expect((await go())?.output).toBe('6')
  } finally {
    await engine.close()
  }
  const direct = createPostgresStore({ url: database.url })
  expect(await direct.violations()).toEqual([])
  await direct.close()
})
