import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { buildBundle } from '../../bundle/build-bundle.ts'
import { type Clock, pause } from '../../clock.ts'
import { createMemoryDatabase } from '../../store/memory/create-memory-store.ts'
import { seeded } from '../../store/memory/random.ts'
import type { Store } from '../../store/store.ts'
import { createVirtualClock, runUntil } from '../../testing/virtual-clock.ts'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { createEngine } from '../engine/create-engine.ts'
import '../fixtures/workflows.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const org = '00000000-0000-7000-8000-000000000001'

async function useEngine(around: (store: Store, clock: Clock) => Store) {
  const clock = createVirtualClock()
  const connection = createMemoryDatabase({ clock }).connect(clock)
  const store = around(connection, clock)
  const engine = createEngine({ store, notifier: connection.notifier, clock, random: seeded(1) })
  const until = <T>(promise: Promise<T>) => runUntil(clock, promise)
  await until(engine.deploy(org, await buildBundle({ entries: ['fixtures/workflows.ts'], root })))
  await until(engine.work({ steps: stepRegistry() }))
  const go = async (input: string) => {
    const started = await until(engine.start({ org, workflow: 'limits', input }))
    return until(engine.result(org, 'run' in started ? started.run : '', 300_000))
  }
  return { go, close: () => until(engine.close()) }
}

it('the time that the store takes to return the last heartbeat does not count as silence of the body', async () => {
  const { go, close } = await useEngine((store, clock) => ({
    ...store,
    progress: async (...which) => {
      await pause(clock, 60_000)
      return store.progress(...which)
    },
  }))
  expect((await go('silent'))?.output).toBe('{"at":41}')
  await close()
})

it('a heartbeat of an attempt that has ended does not count', async () => {
  const { go, close } = await useEngine((store) => store)
  expect((await go('haunted'))?.output).toBe('"of the first"')
  await close()
})
