/** Tries every verb on every table of an org, so the list of tables comes from the catalogue. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyBatch } from '../empty-batch.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
let theirs: string
let tables: string[]
let [owner, stranger, withoutOrg, engine]: pg.Client[] = []
const run = { table: '', org: '' }

beforeAll(async () => {
  pw = await openWorld()
  theirs = pw.world.id()
  for (const org of [pw.world.org, theirs]) await fill(org)
  engine = await pw.connect('orrery_engine')
  owner = await pw.connect('orrery_app', pw.world.org)
  stranger = await pw.connect('orrery_app', theirs)
  withoutOrg = await pw.connect('orrery_app')
  const { rows } = await engine.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'engine'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'org_id' order by 1`,
  )
  tables = rows.map((row) => row.name)
})
afterAll(() => pw.close())

/** Inserts a row of an org into every table. */
async function fill(org: string): Promise<void> {
  const { store, world } = pw
  const me = await world.worker()
  const [active, ended] = [world.start({ org, state: 'running' }), world.start({ org, state: 'running' })]
  const at = Date.now()
  const large = JSON.stringify('x'.repeat(70_000))
  await store.flush({ ...emptyBatch, worker: me, starts: [active, ended] })
  await store.flush({
    ...emptyBatch,
    worker: me,
    journal: [world.journal(active.run, 1, { org, output: large })],
    finishes: [world.finish(ended.run, { org })],
    messages: [world.message(active.run, { org })],
    logs: [{ org, run: active.run, cmd: 1, step: 's', attempt: 1, at, level: 'info', message: 'm', data: null }],
    progress: [{ org, run: active.run, cmd: 1, attempt: 1, at, details: '1' }],
    events: [{ org, type: 't', subject: 's', data: '{}', at }],
  })
  const concurrency = [{ limit: 'l', max: 1, onFull: 'queue' as const }]
  await store.startAdmitted(world.admitted({ org, concurrency, dedupe: { key: 'k', windowMs: 60_000 } }))
  await store.saveBundle(org, 'h', 'code', '{}')
  await store.setDefault(org, 'order', 'h')
  await store.setQueuePaused(org, 'q', true)
}

const need = (client: pg.Client | undefined): pg.Client => {
  if (!client) throw new Error('not connected')
  return client
}
const count = async (client: pg.Client | undefined, table: string, where = 'true') =>
  (await need(client).query<{ n: number }>(`select count(*)::int as n from engine.${table} where ${where}`)).rows[0]?.n
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  )

describe('row-level security', () => {
  it('shows an app connection only the rows of its org in every table, and no rows without an org', async () => {
    expect(tables.length).toBeGreaterThanOrEqual(15)
    for (run.table of tables) {
      const mine = `org_id = '${pw.world.org}'`
      expect([run.table, await count(owner, run.table, mine)]).not.toEqual([run.table, 0])
      expect([
        run.table,
        await count(owner, run.table, `not ${mine}`),
        await count(stranger, run.table, mine),
        await count(withoutOrg, run.table),
      ]).toEqual([run.table, 0, 0, 0])
      expect(await count(engine, run.table, `org_id in ('${pw.world.org}', '${theirs}')`)).toBeGreaterThanOrEqual(2)
    }
  })

  it('rejects an app connection that changes, deletes or adds rows of another org', async () => {
    for (run.table of tables) {
      const before = await count(engine, run.table)
      const columns = await need(engine).query<{ list: string }>(
        `select string_agg(quote_ident(attname), ', ') as list from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname not in ('org_id')`,
        [`engine.${run.table}`],
      )
      const list = columns.rows[0]?.list
      const copy = `insert into engine.${run.table} (org_id, ${list}) select '${pw.world.org}', ${list} from engine.${run.table}`
      expect([run.table, await code(need(stranger).query(copy))]).toEqual([run.table, '42501'])
      const remove = await code(need(stranger).query(`delete from engine.${run.table} where org_id = '${pw.world.org}'`))
      expect(['done', '42501']).toContain(remove)
      const move = await code(need(stranger).query(`update engine.${run.table} set org_id = '${pw.world.org}'`))
      expect([run.table, move]).toEqual([run.table, '42501'])
      expect([run.table, await count(engine, run.table)]).toEqual([run.table, before])
    }
  })

  it('lets only the owner change or delete history', async () => {
    for (const table of ['run', 'journal', 'result', 'log', 'event']) {
      for (const client of [owner, engine]) {
        expect(await code(need(client).query(`delete from engine.${table}`))).toBe('42501')
        expect(await code(need(client).query(`update engine.${table} set org_id = org_id`))).toBe('42501')
        expect(await code(need(client).query(`truncate engine.${table}`))).toBe('42501')
      }
    }
  })

  it('lets the input of a run change only before a worker has held the run', async () => {
    const delayed = pw.world.start({ state: 'waiting', at: Date.now() + 600_000 })
    await pw.world.flush(null, { starts: [delayed] })
    const { rowCount } = await need(owner).query(`update engine.run set input = '9' where org_id = $1`, [pw.world.org])
    const { rows } = await need(owner).query<{ run_id: string }>(`select run_id from engine.run where input::text = '9'`)
    const begun = await need(owner).query(
      `select from engine.run r join engine.live l using (org_id, run_id) where l.begun and r.input::text = '9'`,
    )
    expect(rowCount).toBeGreaterThan(0)
    expect(rows.map((row) => row.run_id)).toContain(delayed.run)
    expect(begun.rowCount).toBe(0)
  })

  it('denies direct access to partitions, even to the owner', async () => {
    const { rows } = await need(engine).query<{ name: string; open: boolean }>(
      `select c.relname as name, not (c.relrowsecurity and c.relforcerowsecurity) as open from pg_class c
       where c.relispartition and c.relkind = 'r' and c.relnamespace = 'engine'::regnamespace`,
    )
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter((row) => row.open)).toEqual([])
    expect(await code(need(owner).query(`select from engine.${rows[0]?.name}`))).toBe('42501')
  })
})

describe('control operations in an app transaction', () => {
  it('control operations in an app transaction work on their own org and see no other', async () => {
    const { store, world } = pw
    const tx = need(owner)
    const foreign = need(stranger)
    const mine = await world.ready()
    const message = world.message(mine)
    expect(await store.deliver(message, foreign)).toEqual({ type: 'unknown' })
    expect(await store.deliver(world.cancellation(mine), foreign)).toEqual({ type: 'unknown' })
    expect(await store.setPause(world.org, mine, true, foreign)).toEqual({ type: 'unknown' })
    expect(await code(store.startAdmitted(world.admitted(), foreign))).toBe('42501')
    await tx.query('begin')
    const concurrency = [{ limit: 'app', max: 1, onFull: 'queue' as const }]
    const [first, second] = [world.admitted({ concurrency, input: JSON.stringify('x'.repeat(70_000)) }), world.admitted({ concurrency })]
    expect(await store.startAdmitted(first, tx)).toMatchObject({ state: 'ready' })
    expect(await store.startAdmitted(second, tx)).toMatchObject({ state: 'gated' })
    expect(await store.deliver(message, tx)).toMatchObject({ type: 'delivered' })
    const target = world.row()
    await store.fork({ org: world.org, run: mine, beforeSeq: 1 }, target, new Map(), tx)
    await store.emit([{ org: world.org, type: 't', subject: 's', data: '{}', at: world.now }], tx)
    await store.setLimit(world.org, 'app', 2, tx)
    expect(await store.live(world.org, first.run)).toBeNull()
    await tx.query('commit')
    expect([await world.state(first.run), await world.state(second.run), await world.state(target.run)]).toEqual([
      'ready',
      'ready',
      'ready',
    ])
    const order = { org: world.org, run: mine, id: world.id(), kind: 'terminate', reason: 'x' } as const
    expect(await store.deliver(order, tx)).toMatchObject({ type: 'delivered' })
    expect(await world.state(mine)).toBe('cancelled')
    expect(await store.violations()).toEqual([])
  })
})
