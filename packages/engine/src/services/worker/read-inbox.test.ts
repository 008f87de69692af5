import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { buildBundle } from '../../bundle/build-bundle.ts'
import { systemClock } from '../../clock.ts'
import { createMemoryDatabase } from '../../store/memory/create-memory-store.ts'
import { createEngine } from '../engine/create-engine.ts'
import type { EngineWorker } from './worker.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

it('a run that has received many signals remembers few of them', async () => {
  const store = createMemoryDatabase({ clock: systemClock }).connect()
  const engine = createEngine({ store, notifier: store.notifier })
  const org = randomUUID()
  await engine.deploy(org, await buildBundle({ entries: ['fixtures/workflows.ts'], root }))
  const worker = (await engine.work({ steps: { find: () => undefined, names: () => [] } })) as EngineWorker
  const started = await engine.start({ org, workflow: 'asker', input: null })
  const run = 'run' in started ? started.run : ''
  const received = async () => (await store.history(org, run, 0)).length
  for (let n = 1; n <= 100; n++) {
    await engine.signal(org, run, 'answer', n)
    await expect.poll(received, { interval: 1 }).toBe(n)
  }
  const { active, parked } = worker.scope
  expect((active.get(run) ?? parked.get(run))?.seen.size).toBeLessThan(5)
  await engine.signal(org, run, 'answer', null)
  expect(JSON.parse((await engine.result(org, run, 10_000))?.output ?? 'null')).toEqual(Array.from({ length: 100 }, (_, at) => at + 1))
  await engine.close()
})
