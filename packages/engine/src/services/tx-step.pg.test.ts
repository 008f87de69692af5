/** A transactional step whose connection breaks at its commit, or whose worker loses its registration, has its effect once. */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTcpProxy, type TcpProxy } from '../../../../tests/support/tcp-proxy.ts'
import { until } from '../../../../tests/support/until.ts'
import type { Engine } from '../api.ts'
import { buildBundle } from '../bundle/build-bundle.ts'
import { createPostgresStore } from '../store/postgres/create-postgres-store.ts'
import { openWorld, type PostgresWorld } from '../store/postgres/test-database.ts'
import type { Store } from '../store/store.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import { begun } from './fixtures/payment.ts'
import type { EngineFact } from './observe.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const org = randomUUID()

let pw: PostgresWorld
let proxy: TcpProxy
let engine: Engine
beforeAll(async () => {
  pw = await openWorld()
  const admin = await pw.connect('postgres')
  await admin.query('create table public.payment (run uuid not null)')
  proxy = await openTcpProxy(pw.url)
  const store = createPostgresStore({ url: proxy.url })
  engine = createEngine({ store, notifier: store.notifier })
  await engine.deploy(org, await buildBundle({ entries: ['fixtures/payment.ts'], root }))
  await engine.work({ steps: stepRegistry() })
})
afterAll(async () => {
  await engine.close()
  await proxy.close()
  await pw.close()
})

it.each([
  ['is lost on its way back', 'after', 1],
  ['never gets to the server', 'before', 2],
] as const)('a transactional step has its effect once when the commit %s', async (_, moment, bodies) => {
  proxy.breakNextCommit(moment)
  const outcome = await engine.start({ org, workflow: 'payment', input: null })
  if (outcome.type !== 'started') throw new Error(`not started: ${outcome.type}`)
  const { run } = outcome
  expect(await engine.result(org, run, 30_000)).toMatchObject({ status: 'succeeded', output: '"paid"' })
  const admin = await pw.connect('postgres')
  expect((await admin.query('select from public.payment where run = $1', [run])).rowCount).toBe(1)
  expect(await pw.store.history(org, run, 0)).toMatchObject([{ seq: 1, kind: 'step', name: 'pay', attempt: 1 }])
  expect(begun.filter((each) => each === run)).toHaveLength(bodies)
  expect(await pw.store.violations()).toEqual([])
})

it('a commit that is refused after this process has registered again drops no run of the new registration', async () => {
  const facts: EngineFact[] = []
  const atCommit = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const first = Promise.withResolvers<unknown>()
  const { transact, ...rest } = createPostgresStore({ url: pw.url })
  if (transact === undefined) throw new Error('the store has transactional steps')
  let calls = 0
  const store: Store = {
    ...rest,
    transact(worker, body) {
      if (calls++ > 0) return transact(worker, body)
      const work = transact(worker, async (tx) => {
        const row = await body(tx)
        atCommit.resolve()
        await goOn.promise
        return row
      })
      work.then(first.resolve, first.resolve)
      return work
    },
  }
  const own = createEngine({ store, notifier: rest.notifier, beatMs: 100, observe: (fact) => void facts.push(fact) })
  const queue = 'own'
  try {
    const worker = await own.work({ steps: stepRegistry(), queues: [queue] })
    const outcome = await own.start({ org, workflow: 'payment', input: null, queue })
    const run = 'run' in outcome ? outcome.run : ''
    await atCommit.promise
    await pw.store.retire(worker.id)
    await until('it has registered again and claimed the run', () => facts.some((fact) => fact.type === 'claimed' && fact.runs === 1))
    goOn.resolve()
    expect(await first.promise).toMatchObject({ name: 'Fenced' })
    expect(await own.result(org, run, 30_000)).toMatchObject({ status: 'succeeded', output: '"paid"' })
    expect(facts.filter(({ type }) => type === 'lost')).toHaveLength(1)
  } finally {
    await own.close()
  }
  expect(await pw.store.violations()).toEqual([])
})
