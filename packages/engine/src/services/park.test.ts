import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { buildBundle } from '../bundle/build-bundle.ts'
import { systemClock } from '../clock.ts'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { type CallFault, noFault } from '../store/memory/faults.ts'
import { createEngine } from './engine/create-engine.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const noSteps = { find: () => undefined, names: () => [] }

it('blocks a run that was poked during its park, even if the connection breaks while it reads the inbox', async () => {
  let flushes = 0
  let inboxes = 0
  const call = (method: string): CallFault => {
    // The second flush blocks the run. A signal arrives while that flush is in flight.
    if (method === 'flush') return { ...noFault, beforeMs: ++flushes === 2 ? 100 : 0 }
    return { ...noFault, broken: method === 'inbox' && ++inboxes === 1 ? 'before' : 'no' }
  }
  const database = createMemoryDatabase({ clock: systemClock, faults: { call, hint: () => ({ lost: true, delayMs: 0 }) } })
  const store = database.connect()
  const engine = createEngine({ store, notifier: store.notifier })
  const org = randomUUID()
  await engine.deploy(org, await buildBundle({ entries: ['fixtures/workflows.ts'], root }))
  await engine.work({ steps: noSteps })
  const started = await engine.start({ org, workflow: 'five', input: 1 })
  const run = 'run' in started ? started.run : ''
  await vi.waitFor(() => expect(flushes).toBe(2), { interval: 2 })
  await database.connect().deliver({ org, run, id: randomUUID(), kind: 'signal', name: 'hello', payload: null })
  await vi.waitFor(async () => expect(await store.live(org, run)).toMatchObject({ state: 'blocked', worker: null }), { timeout: 4000 })
  expect(inboxes).toBeGreaterThan(1)
  expect(await store.violations()).toEqual([])
  await engine.close()
})
