import { afterAll, beforeAll, expect, it } from 'vitest'
import { isLockAwaited, openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
beforeAll(async () => {
  pw = await openWorld()
})
afterAll(() => pw.close())

const large = (text: string) => JSON.stringify(text.repeat(70_000))

it('leaves nothing of a deleted run in any table, and every blob that another run uses', async () => {
  const { store, world } = pw
  const { org } = world
  const me = await world.worker()
  const [gone, kept] = [world.start({ state: 'running', input: large('ä') }), world.start({ state: 'running', input: large('ä') })]
  await world.flush(me, { starts: [gone, kept] })
  const log = {
    org,
    run: gone.run,
    cmd: 1,
    attempt: 1,
    at: world.now,
    step: null,
    level: 'info',
    message: 'hello',
    data: large('ö'),
  } as const
  const journal = [world.journal(gone.run, 1, { input: large('ü'), output: large('ß') })]
  await world.flush(me, { journal, logs: [log], finishes: [world.finish(gone.run, { output: large('é') }), world.finish(kept.run)] })
  const admin = await pw.connect('postgres')
  const blobs = async () => (await admin.query('select from engine.blob')).rowCount
  expect(await blobs()).toBe(5)
  const texts = await admin.query<{ text: string }>('select text from engine.text_view where run_id = $1', [gone.run])
  for (const part of ['ä', 'ü', 'ß', 'é', 'ö'].map(large)) expect(texts.rows.map(({ text }) => text)).toContain(part)
  expect(await store.deleteRuns(org, [gone.run])).toEqual([gone.run])
  expect(await blobs()).toBe(1)
  const { rows } = await admin.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'run_id' where c.relnamespace = 'engine'::regnamespace and c.relkind = 'r'",
  )
  for (const { name } of rows) expect((await admin.query(`select from ${name} where run_id = $1`, [gone.run])).rowCount).toBe(0)
  expect((await store.run(org, kept.run))?.input).toBe(large('ä'))
  await store.deleteRuns(org, [kept.run])
  expect(await blobs()).toBe(0)
})

it('keeps a blob for a run whose start is in progress', async () => {
  const { store, world } = pw
  const { org } = world
  const me = await world.worker()
  const old = world.start({ state: 'running', input: large('x') })
  await world.flush(me, { starts: [old] })
  await world.flush(me, { finishes: [world.finish(old.run)] })
  const writer = await pw.connect('orrery_engine')
  await writer.query('begin')
  const fresh = world.admitted({ input: large('x') })
  await store.startAdmitted(fresh, writer)
  const deleted = store.deleteRuns(org, [old.run])
  const admin = await pw.connect('postgres')
  await pw.until(() => isLockAwaited(admin))
  await writer.query('commit')
  expect(await deleted).toEqual([old.run])
  expect((await store.run(org, fresh.run))?.input).toBe(large('x'))
})

it('a copy that is being made keeps its source', async () => {
  const { store, world } = pw
  const { org } = world
  const me = await world.worker()
  const source = world.start({ state: 'running' })
  await world.flush(me, { starts: [source] })
  await world.flush(me, { journal: [world.journal(source.run, 1, { output: large('y') })], finishes: [world.finish(source.run)] })
  const writer = await pw.connect('orrery_engine')
  await writer.query('begin')
  const target = world.row()
  expect(await store.fork({ org, run: source.run, beforeSeq: 2 }, target, new Map(), writer)).toBe(true)
  expect(await store.deleteRuns(org, [source.run])).toEqual([])
  await writer.query('commit')
  expect(await store.deleteRuns(org, [source.run])).toEqual([source.run])
  expect(await store.history(org, target.run, 0)).toMatchObject([{ output: large('y') }])
})

it('deletes events by their places, and only those of the organization', async () => {
  const { store, world } = pw
  const { org } = world
  const event = (subject: string) => ({ org, type: 'test.deleted', subject, data: '{}', at: world.now })
  await store.emit([event('1'), event('2')])
  const loop = await pw.connect('orrery_engine')
  const places = async () =>
    (await loop.query<{ tx: string; id: string }>("select tx::text, id::text from engine.event where type = 'test.deleted' order by id"))
      .rows
  const [first] = await places()
  if (first === undefined || store.deleteEvents === undefined) throw new Error('there is no event')
  expect(await store.deleteEvents(world.id(), [first], loop)).toBe(0)
  expect(await store.deleteEvents(org, [first], loop)).toBe(1)
  expect(await places()).toHaveLength(1)
})

it('the role that serves organizations deletes nothing', async () => {
  const app = await pw.connect('orrery_app')
  for (const call of ["engine.delete_runs(gen_random_uuid(), '{}')", "engine.delete_events(gen_random_uuid(), '{}', '{}')"])
    await expect(app.query(`select ${call}`)).rejects.toMatchObject({ code: '42501' })
})
