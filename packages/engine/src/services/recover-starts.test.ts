import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { buildBundle } from '../bundle/build-bundle.ts'
import { systemClock } from '../clock.ts'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { type CallFault, noFault } from '../store/memory/faults.ts'
import { Ambiguous } from '../store/store-errors.ts'
import { createVirtualClock, runUntil } from '../testing/virtual-clock.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import './fixtures/workflows.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const bundle = await buildBundle({ entries: ['fixtures/workflows.ts'], root })

/** The calls whose connection breaks, by method and number, counted from 1. */
type Breaks = Partial<Record<string, Partial<Record<number, CallFault['broken']>>>>

/** Makes three starts at once on an engine with a failing connection. All of them are answered. */
async function startThree(breaks: Breaks, isWorker: boolean) {
  const counts = new Map<string, number>()
  const call = (method: string): CallFault => {
    const count = (counts.get(method) ?? 0) + 1
    counts.set(method, count)
    return { ...noFault, broken: breaks[method]?.[count] ?? 'no' }
  }
  const database = createMemoryDatabase({ clock: systemClock, faults: { call, hint: () => ({ lost: false, delayMs: 0 }) } })
  const store = database.connect()
  const engine = createEngine({ store, notifier: store.notifier })
  const org = randomUUID()
  await engine.deploy(org, bundle)
  if (isWorker) await engine.work({ steps: stepRegistry() })
  const outcomes = await Promise.all([1, 2, 3].map((input) => engine.start({ org, workflow: 'five', input })))
  const violations = await store.violations()
  const known = database.tables.runs.size
  await engine.close()
  return { types: outcomes.map(({ type }) => type), known, violations }
}

const allThree = { types: ['started', 'started', 'started'], known: 3, violations: [] }

it.each([true, false])('answers every start of a flush that got no answer, in a worker (%s)', async (isWorker) => {
  for (const broken of ['before', 'after'] as const) expect(await startThree({ flush: { 1: broken } }, isWorker)).toEqual(allThree)
})

it.each([true, false])(
  'asks again when the connection breaks once more during the recovery of the starts, in a worker (%s)',
  async (isWorker) => {
    for (const broken of ['before', 'after'] as const) {
      const attempts = [1, 2, 3].map((question) => startThree({ flush: { 1: broken }, run: { [question]: 'before' } }, isWorker))
      expect(await Promise.all(attempts)).toEqual([allThree, allThree, allThree])
    }
  },
)

it.each([true, false])(
  'fails a start whose fate is unknown when the engine closes, and stops asking, in a worker (%s)',
  async (isWorker) => {
    let [asked, isDown] = [0, false]
    const firstQuestion = Promise.withResolvers<void>()
    const call = (method: string): CallFault => {
      if (isDown && method === 'run') {
        asked += 1
        firstQuestion.resolve()
      }
      return { ...noFault, broken: isDown && ['flush', 'run'].includes(method) ? 'before' : 'no' }
    }
    const clock = createVirtualClock()
    const database = createMemoryDatabase({ clock, faults: { call, hint: () => ({ lost: false, delayMs: 0 }) } })
    const store = database.connect(clock)
    const engine = createEngine({ store, notifier: store.notifier, clock })
    const org = randomUUID()
    await runUntil(clock, engine.deploy(org, bundle))
    if (isWorker) await runUntil(clock, engine.work({ steps: stepRegistry() }))
    isDown = true
    const outcome = engine.start({ org, workflow: 'five', input: 1 }).then(
      () => 'started',
      (error: unknown) => error,
    )
    await runUntil(clock, firstQuestion.promise)
    await runUntil(clock, engine.close())
    await clock.advance(10_000)
    expect(await Promise.race([outcome, 'pending'])).toBeInstanceOf(Ambiguous)
    const before = asked
    await clock.advance(60_000)
    expect(asked).toBe(before)
  },
)
