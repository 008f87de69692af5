import { expect, it } from 'vitest'
import { createMemoryDatabase } from '../../store/memory/create-memory-store.ts'
import { seeded } from '../../store/memory/random.ts'
import { createVirtualClock, runUntil } from '../../testing/virtual-clock.ts'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { createEngine } from '../engine/create-engine.ts'

const LEASE_MS = 5000

it('keeps one registration over many leases while another process reaps silent workers', async () => {
  const clock = createVirtualClock()
  const database = createMemoryDatabase({ clock })
  const [store, other] = [database.connect(clock), database.connect(clock)]
  const engine = createEngine({ store, notifier: store.notifier, clock, random: seeded(1), beatMs: 2000, leaseMs: LEASE_MS })
  await runUntil(clock, engine.work({ steps: stepRegistry() }))
  const reaper = await other.register({ host: 'test', pid: 1, version: '0', queues: [], slots: 1, steps: [], orgs: null })
  for (let passedMs = 0; passedMs < 10 * LEASE_MS; passedMs += 1000) {
    await clock.advance(1000)
    await other.beat(reaper.worker, { leaseMs: LEASE_MS, queues: [], idle: [] })
  }
  expect([...database.tables.workers.values()].map(({ fenced }) => fenced)).toEqual([false, false])
  await runUntil(clock, engine.close())
})
