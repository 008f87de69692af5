import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { buildBundle } from '../bundle/build-bundle.ts'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { noFault } from '../store/memory/faults.ts'
import { seeded } from '../store/memory/random.ts'
import { addTransactions } from '../testing/simulation/wrap-store.ts'
import { createVirtualClock, runUntil } from '../testing/virtual-clock.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import './fixtures/workflows.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const bundle = await buildBundle({ entries: ['fixtures/workflows.ts'], root })
const org = '00000000-0000-7000-8000-000000000001'

/**
 * Repeats a delayed run through a slow connection. The run gets another input and ends while the first answer is in flight to the repeating
 * process.
 */
async function repeatSlowly(kind: 'retry' | 'fork') {
  const clock = createVirtualClock()
  let isSlow = false
  const call = () => {
    const afterMs = isSlow ? 60_000 : 1
    isSlow = false
    return { ...noFault, beforeMs: 1, afterMs }
  }
  const database = createMemoryDatabase({ clock, faults: { call, hint: () => ({ lost: false, delayMs: 1 }) } })
  const open = () => {
    const store = addTransactions(database.connect(clock))
    return createEngine({ store, notifier: store.notifier, clock, random: seeded(1) })
  }
  const until = <T>(promise: Promise<T>) => runUntil(clock, promise)
  const [engine, elsewhere] = [open(), open()]
  await until(engine.deploy(org, bundle))
  await until(engine.work({ steps: stepRegistry() }))
  const start = (value: number) => until(engine.start({ org, workflow: 'settled', input: { id: 'a', value } }))
  const started = await start(1)
  const run = 'run' in started ? started.run : ''
  isSlow = true
  const repeating = kind === 'retry' ? elsewhere.retry(org, run) : elsewhere.fork(org, run, 2)
  await start(2)
  const first = await until(engine.result(org, run, 30_000))
  const made = await until(repeating)
  const second = made === null ? null : await until(engine.result(org, made.run, 30_000))
  const violations = await until(database.connect(clock).violations())
  await until(engine.close())
  return { first: first?.output, second: second?.output ?? null, violations }
}

it('a fork copies the input that its rows belong to', async () => {
  expect(await repeatSlowly('fork')).toEqual({ first: '2', second: '2', violations: [] })
})

it('retry does not repeat an earlier state of a run that had not ended', async () => {
  expect(await repeatSlowly('retry')).toEqual({ first: '2', second: null, violations: [] })
})
