/** Claims under another query plan: an index that already has the order of a claim would hide a missing `order by`. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPostgresStore, type PostgresStore } from './create-postgres-store.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
let store: PostgresStore
beforeAll(async () => {
  pw = await openWorld()
  const admin = await pw.connect('postgres')
  // Leaves bitmap scans, which return rows in the order in which they were written.
  await admin.query(`do $$ begin execute format('alter database %I set enable_indexscan = off', current_database()); end $$`)
  store = createPostgresStore({ url: pw.url })
})
afterAll(async () => {
  await store.close()
  await pw.close()
})

const claim = async (limit: number): Promise<readonly string[]> => {
  const { world } = pw
  const worker = await world.worker()
  return (await store.claim({ worker, queues: [world.queue], orgs: null, limit })).runs.map(({ run }) => run)
}

it('takes ready runs by rank under any query plan', async () => {
  const { world } = pw
  const starts = Array.from({ length: 20 }, () => world.start())
  const [high, urgent] = [world.start({ priority: 'high' }), world.start({ priority: 'urgent' })]
  await world.flush(null, { starts: [...starts, high, urgent] })
  expect(await claim(2)).toEqual([urgent.run, high.run])
  expect(await claim(20)).toEqual(starts.map(({ run }) => run))
})

it('takes the runs that became due first under any query plan', async () => {
  const { world } = pw
  const starts = [10, 20, 50, 40, 30].map((seconds) => world.start({ state: 'waiting', at: world.now - seconds * 1000 }))
  await world.flush(null, { starts })
  expect([...(await claim(2))].sort()).toEqual([starts[2]?.run, starts[3]?.run])
  expect(await claim(1)).toEqual([starts[4]?.run])
})
