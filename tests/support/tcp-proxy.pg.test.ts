import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts'

let database: TestDatabase
let proxy: TcpProxy
const clients: pg.Client[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(async () => {
  proxy = await openTcpProxy(database.url)
})
afterEach(async () => {
  await proxy.close()
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)))
})
afterAll(() => database?.drop())

async function open(application = 'test'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: proxy.url, application_name: application })
  client.on('error', () => undefined)
  clients.push(client)
  await client.connect()
  return client
}

const LONG = 'x'.repeat(20_000)
const echo = async (client: pg.Client, text = LONG): Promise<string> =>
  (await client.query<{ text: string }>('select $1::text as text', [text])).rows[0]?.text ?? ''
const timed = async (work: Promise<unknown>): Promise<number> => {
  const begun = performance.now()
  await work
  return performance.now() - begun
}
/** Whether it has not ended when another connection, which works, has been asked 20 times. */
const isStuck = async (work: Promise<unknown>): Promise<boolean> => {
  let isStuck = true
  void work.then(
    () => (isStuck = false),
    () => (isStuck = false),
  )
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  for (let i = 0; i < 20; i++) await other.query('select 1')
  await other.end()
  return isStuck
}

test('a reset ends a query in progress', async () => {
  const client = await open()
  const query = client.query('select pg_sleep(30)')
  setImmediate(() => proxy.reset())
  await expect(query).rejects.toThrow(/ECONNRESET|terminated/)
  expect(await echo(await open())).toBe(LONG)
})

test('a reset at the next bytes keeps the query from arriving', async () => {
  const client = await open()
  await client.query('create table public.arrived ()')
  proxy.resetNext()
  await expect(client.query('drop table public.arrived')).rejects.toThrow(/ECONNRESET|terminated/)
  await (await open()).query('drop table public.arrived')
})

test('a silent connection stays so, and a new one works', async () => {
  const [client, kept] = [await open('one'), await open('two')]
  expect(proxy.silence('one')).toBe(1)
  expect(await isStuck(echo(client))).toBe(true)
  expect(await echo(kept)).toBe(LONG)
  expect(await echo(await open('one'))).toBe(LONG)
})

test('a partition stops old and new connections, and all of it arrives when it ends', async () => {
  const client = await open()
  proxy.set('hang')
  const waiting = Promise.all([echo(client), open().then((late) => echo(late, 'late'))])
  expect(await isStuck(waiting)).toBe(true)
  proxy.set('pass')
  expect(await waiting).toEqual([LONG, 'late'])
})

test('a delay holds back each message and keeps their order', async () => {
  const client = await open()
  proxy.set({ delayMs: [20, 60] })
  const texts = Array.from({ length: 10 }, (_, i) => `${i}`)
  const answers = Promise.all(texts.map((text) => echo(client, text)))
  expect(await timed(answers)).toBeGreaterThan(40)
  expect(await answers).toEqual(texts)
})

test('pieces of a message arrive as the whole message', async () => {
  const client = await open()
  proxy.set({ pieceBytes: 200 })
  expect(await echo(client)).toBe(LONG)
  expect(await timed(echo(client))).toBeGreaterThan(100)
})

test('a network that refuses ends what is open and lets nothing in', async () => {
  const client = await open()
  const query = client.query('select pg_sleep(30)')
  setImmediate(() => proxy.set('refuse'))
  await expect(query).rejects.toThrow(/ECONNRESET|terminated/)
  await expect(open()).rejects.toThrow()
})
