import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Hint } from '../store.ts'
import { createNotifier } from './notifier.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
beforeAll(async () => {
  pw = await openWorld()
})
afterAll(() => pw.close())

const listening = async () => {
  const { rowCount } = await (await pw.connect('postgres')).query(
    `select from pg_stat_activity where datname = current_database() and application_name = 'orrery notifier' and query like '%listen orrery_hint%'`,
  )
  return rowCount ?? 0
}

it('delivers every kind of hint to other processes once, even more than fit into one notification', async () => {
  const [from, to] = [createNotifier({ url: pw.url }), createNotifier({ url: pw.url })]
  const got: Hint[] = []
  to.listen((hint) => got.push(hint))
  await pw.until(async () => (await listening()) === 1)
  const { world } = pw
  const hints: Hint[] = [
    { type: 'ready', queue: 'a queue\nwith ünusual name' },
    { type: 'poke', worker: world.id(), run: world.id() },
    { type: 'events' },
    ...Array.from({ length: 500 }, () => ({ type: 'done', run: world.id() }) as const),
  ]
  for (const hint of [...hints, ...hints]) from.send(hint)
  await pw.until(async () => got.length >= hints.length)
  expect(got).toEqual(hints)
  await Promise.all([from.close(), to.close()])
})

it('sends no notification without another listener, and starts when one appears', async () => {
  const witness = await pw.connect('postgres')
  const heard: string[] = []
  witness.on('notification', ({ payload = '' }) => heard.push(payload))
  await witness.query('listen orrery_hint')
  const one = createNotifier({ url: pw.url })
  const got: Hint[] = []
  one.listen((hint) => got.push(hint))
  await pw.until(async () => (await listening()) === 1)
  one.send({ type: 'events' })
  const lookedOnly = `select from pg_stat_activity where application_name = 'orrery notifier' and state = 'idle' and query like '%pg_locks%'`
  await pw.until(async () => got.length === 1 && (await witness.query(lookedOnly)).rowCount === 1)
  const two = createNotifier({ url: pw.url })
  two.listen((hint) => got.push(hint))
  await pw.until(async () => heard.length === 2)
  one.send({ type: 'events' })
  two.send({ type: 'due', at: 5 })
  await pw.until(async () => got.length === 5 && heard.length === 4)
  expect([...heard].sort()).toEqual(['e', 'h', 'h', 't 5'])
  expect(heard.slice(0, 2)).toEqual(['h', 'h'])
  await Promise.all([one.close(), two.close()])
})

it('listens again after it lost its connection', async () => {
  const [from, to] = [createNotifier({ url: pw.url }), createNotifier({ url: pw.url })]
  const got: Hint[] = []
  to.listen((hint) => got.push(hint))
  await pw.until(async () => (await listening()) === 1)
  const admin = await pw.connect('postgres')
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'orrery notifier'`,
  )
  await pw.until(async () => {
    from.send({ type: 'events' })
    return got.length > 0
  })
  await Promise.all([from.close(), to.close()])
})

it('delivers hints within the process without a database, and with `listen: false`', async () => {
  const [lost, deaf] = [createNotifier({ url: 'postgres://nologin@127.0.0.1:1/none' }), createNotifier({ url: pw.url, listen: false })]
  const got: Hint[] = []
  lost.listen((hint) => got.push(hint))
  deaf.listen((hint) => got.push(hint))
  lost.send({ type: 'events' })
  deaf.send({ type: 'events' })
  await Promise.all([lost.close(), deaf.close()])
  expect(got).toEqual([{ type: 'events' }, { type: 'events' }])
})
