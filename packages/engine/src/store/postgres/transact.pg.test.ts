import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTcpProxy } from '../../../../../tests/support/tcp-proxy.ts'
import { Ambiguous, Fenced } from '../store-errors.ts'
import { createPostgresStore } from './create-postgres-store.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
beforeAll(async () => {
  pw = await openWorld()
  const admin = await pw.connect('postgres')
  await admin.query('create table public.effect (n int)')
})
afterAll(() => pw.close())

const step: NonNullable<PostgresWorld['store']['transact']> = (worker, body) => {
  if (!pw.store.transact) throw new Error('no transact')
  return pw.store.transact(worker, body)
}
const effects = async () => (await (await pw.connect('postgres')).query('select from public.effect')).rowCount

it("commits the body's writes and the journal row together", async () => {
  const { world, store } = pw
  const me = await world.worker()
  const run = await world.running(me)
  const row = await step(me, async (tx) => {
    const { rows } = await tx.query<{ n: number }>('insert into public.effect values ($1) returning n', [7])
    return world.journal(run, 1, { output: JSON.stringify(rows[0]?.n) })
  })
  expect(row.output).toBe('7')
  expect(await store.history(world.org, run, 1)).toMatchObject([{ seq: 1, output: '7' }])
  expect(await effects()).toBe(1)
})

it('writes nothing when the body throws, the worker is fenced or the journal row is a duplicate', async () => {
  const { world, store } = pw
  const me = await world.worker()
  const run = await world.running(me)
  await world.flush(me, { journal: [world.journal(run, 1)] })
  const before = await effects()
  const insert = (seq: number) => async (tx: { query(text: string): Promise<unknown> }) => {
    await tx.query('insert into public.effect values (1)')
    if (seq === 0) throw new Error('no')
    return world.journal(run, seq)
  }
  await expect(step(me, insert(0))).rejects.toThrow('no')
  await expect(step(me, insert(1))).rejects.toThrow('duplicate key')
  await store.retire(me)
  await expect(step(me, insert(2))).rejects.toThrow(Fenced)
  expect(await effects()).toBe(before)
  expect(await store.history(world.org, run, 1)).toHaveLength(1)
})

it.each([
  ['after', 1],
  ['before', 0],
] as const)('throws Ambiguous when the connection of a commit breaks %s the server has it', async (moment, kept) => {
  const { world, store } = pw
  const proxy = await openTcpProxy(pw.url)
  const through = createPostgresStore({ url: proxy.url, listen: false })
  const me = await world.worker()
  const run = await world.running(me)
  const before = (await effects()) ?? 0
  proxy.breakNextCommit(moment)
  const broken = through.transact?.(me, async (tx) => {
    await tx.query('insert into public.effect values (1)')
    return world.journal(run, 1)
  })
  await expect(broken).rejects.toThrow(Ambiguous)
  expect((await effects()) ?? 0).toBe(before + kept)
  expect(await store.history(world.org, run, 1)).toHaveLength(kept)
  await through.close()
  await proxy.close()
})

it('a body that ends its connection fails like any step, and its transaction is unusable afterwards', async () => {
  const { world } = pw
  const me = await world.worker()
  let kept: { query(text: string): Promise<unknown> } | null = null
  const broken = step(me, async (tx) => {
    kept = tx
    await tx.query('select pg_terminate_backend(pg_backend_pid())')
    return world.journal(world.id(), 1)
  })
  await expect(broken).rejects.not.toThrow(Ambiguous)
  await expect((kept as unknown as { query(text: string): Promise<unknown> }).query('select 1')).rejects.toThrow('over')
})
