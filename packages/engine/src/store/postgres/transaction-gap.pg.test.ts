import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorld, type PostgresWorld } from './test-database.ts'

let opened: PostgresWorld
let client: pg.Client
beforeAll(async () => {
  opened = await openWorld()
  client = await opened.connect('orrery_engine')
})
afterAll(() => opened?.close())

const gap = () => opened.store.transactionGap()

it('the gap is 0 in a database that was always in this cluster, with and without events', async () => {
  expect(await gap()).toBe(0)
  await opened.store.emit([{ org: opened.world.org, type: 'test', subject: 'x', data: '1', at: Date.now() }])
  expect(await gap()).toBe(0)
})

it('the gap is the number of transactions that the cluster is behind the newest event, and shrinks with each', async () => {
  await client.query('begin')
  await client.query(
    `insert into engine.event (org_id, tx, type, subject, data, at)
     values ($1, (pg_current_xact_id()::text::bigint + 40)::text::xid8, 'test', 'x', '1', now())`,
    [opened.world.org],
  )
  await client.query('commit')
  const first = await gap()
  // Other databases of this cluster use up transaction ids too.
  expect(first).toBeGreaterThan(0)
  expect(first).toBeLessThanOrEqual(40)
  for (let passed = 0; passed < first; passed++) await client.query('select pg_current_xact_id()')
  expect(await gap()).toBe(0)
})
