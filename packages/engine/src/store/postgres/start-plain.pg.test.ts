import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PlainStartRow, RunId } from '../store.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
beforeAll(async () => {
  pw = await openWorld()
})
afterAll(() => pw.close())

const newRun = (): RunId => `${randomUUID().slice(0, 14)}7${randomUUID().slice(15)}`

function start(run: RunId, at: number | null = null, input = '{"n":1}'): PlainStartRow {
  const { org } = pw.world
  const createdAt = Date.now()
  const row = {
    org,
    run,
    workflow: 'w',
    bundle: 'b',
    queue: 'default',
    priority: 'normal',
    input,
    authority: null,
    tags: ['a, "b"'],
    createdAt,
  } as const
  const event = { org, type: 'run.started', subject: run, data: '{"workflow":"w"}', at: createdAt }
  return { ...row, parent: null, origin: null, seed: run, keys: run, clockAt: createdAt, deadline: null, at, event }
}

it('starts many runs in the transaction of an application, each with a live row and an event', async () => {
  const { store, world } = pw
  const client = await pw.connect('orrery_app', world.org)
  const later = Date.now() + 60_000
  const starts = [start(newRun()), start(newRun(), later), start(newRun(), null, JSON.stringify('x'.repeat(70_000)))]
  await client.query('begin')
  const started = await store.startPlain?.(starts, client)
  await client.query('commit')
  expect(started).toEqual(new Set(starts.map(({ run }) => run)))
  const live = await Promise.all(starts.map(({ run }) => store.live(world.org, run)))
  expect(live.map((row) => [row?.state, row?.at])).toEqual([
    ['ready', null],
    ['waiting', later],
    ['ready', null],
  ])
  const runs = await Promise.all(starts.map(({ run }) => store.run(world.org, run)))
  expect(runs).toEqual(starts.map(({ at: _, event: __, ...row }) => row))
  const { rowCount } = await client.query(`select from engine.event where type = 'run.started' and subject = any ($1)`, [
    [...(started ?? [])],
  ])
  expect(rowCount).toBe(3)
  expect(await store.violations()).toEqual([])
})

it('leaves existing runs unchanged, and leaves no rows of a rolled-back transaction', async () => {
  const { store, world } = pw
  const client = await pw.connect('orrery_app', world.org)
  const [known, fresh, lost] = [newRun(), newRun(), newRun()]
  await store.startPlain?.([start(known)], client)
  expect(await store.startPlain?.([start(known, Date.now() + 60_000, '{"n":2}'), start(fresh)], client)).toEqual(new Set([fresh]))
  expect(await store.run(world.org, known)).toMatchObject({ input: '{"n":1}' })
  expect(await store.live(world.org, known)).toMatchObject({ state: 'ready' })
  await client.query('begin')
  await store.startPlain?.([start(lost)], client)
  await client.query('rollback')
  expect(await store.run(world.org, lost)).toBeNull()
})

it('workers claim the runs of a batch in its order', async () => {
  const { store, world } = pw
  const client = await pw.connect('orrery_app', world.org)
  const queue = 'in order'
  const starts = Array.from({ length: 20 }, () => ({ ...start(newRun()), queue }))
  await store.startPlain?.(starts, client)
  const { rows } = await client.query<{ run_id: string }>('select run_id from engine.live where queue = $1 order by rank', [queue])
  expect(rows.map(({ run_id }) => run_id)).toEqual(starts.map(({ run }) => run))
})
