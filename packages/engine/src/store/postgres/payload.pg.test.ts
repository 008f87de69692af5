import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorld, type PostgresWorld } from './test-database.ts'

let it_: PostgresWorld
beforeAll(async () => {
  it_ = await openWorld()
})
afterAll(() => it_.close())

const large = (mark: string) => JSON.stringify(mark + 'ü'.repeat(50_000))

it('returns large and awkward payloads unchanged from every table', async () => {
  const { store, world } = it_
  const me = await world.worker()
  const tricky = ['{"$blob":"x"}', '{"$json":{"$blob":"y"}}', '"\\u0000"', '{ "a" : 1.0 }', large('same')]
  const starts = tricky.map((input) => world.start({ input }))
  await world.flush(me, { starts })
  const { runs: claimed } = await store.claim({ worker: me, queues: [world.queue], orgs: null, limit: 100 })
  expect(claimed.map((run) => run.input)).toEqual(tricky)
  for (const [index, start] of starts.entries()) {
    const text = tricky[index] ?? ''
    const message = world.message(start.run, { payload: text })
    await world.flush(me, { journal: [world.journal(start.run, 1, { input: text, output: text })], messages: [message] })
    expect((await store.history(world.org, start.run, 1))[0]).toMatchObject({ input: text, output: text })
    expect((await store.inbox(world.org, start.run))?.messages).toEqual([message])
    await world.flush(me, { finishes: [world.finish(start.run, { output: text })] })
    expect((await store.result(world.org, start.run))?.output).toBe(text)
    expect((await store.run(world.org, start.run))?.input).toBe(text)
  }
  const admin = await it_.connect('orrery_engine')
  expect((await admin.query('select from engine.blob')).rowCount).toBe(1)
})

it('stores blobs separately for each org', async () => {
  const { store, world } = it_
  const theirs = world.id()
  const input = large('shared')
  await world.flush(null, { starts: [world.start({ input }), world.start({ input, org: theirs })] })
  const app = await it_.connect('orrery_app', theirs)
  expect((await app.query('select distinct org_id from engine.blob')).rows).toEqual([{ org_id: theirs }])
  expect(await store.violations()).toEqual([])
})
