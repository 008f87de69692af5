import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyBatch } from '../empty-batch.ts'
import { DUE_LOOK_MAX, type FlushBatch } from '../store.ts'
import { claimStatement } from './claim-statement.ts'
import { composeFlush } from './compose-flush.ts'
import { engineConfig } from './connection.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

const LIVE_ROWS = 200_000
const CHURNING = ['live', 'inbox', 'progress', 'run', 'journal', 'result', 'worker', 'hold', 'flow_limit', 'key']

let pw: PostgresWorld
let client: pg.Client
beforeAll(async () => {
  pw = await openWorld()
  client = new pg.Client(engineConfig(pw.url, 'plans'))
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await pw.close()
})

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

/** Sequential scans, index scans without a condition, and look-ups of a run by an index other than its key. */
const scans = (plan: Plan): string[] => {
  const [type, table = '', index = ''] = [plan['Node Type'], plan['Relation Name'], plan['Index Name']]
  const whole = type === 'Seq Scan' || (/^Index.* Scan$/.test(type) && plan['Index Cond'] === undefined)
  const wrongIndex = table.startsWith('run_') && !index.endsWith('_pkey')
  return [...(whole || wrongIndex ? [`${type} ${table} ${index}`] : []), ...(plan.Plans ?? []).flatMap(scans)]
}

/** The tables that the generic plan of a statement would read completely. */
async function scanned(name: string, text: string, values: unknown[]): Promise<string[]> {
  // Prepared as the driver does it, so that parameter types are inferred as in production.
  await client.query('begin')
  await client.query(`prepare ${name} as ${text}`)
  const literals = values.map((value) =>
    value === null ? 'null' : Array.isArray(value) ? pg.escapeLiteral(arrayText(value)) : pg.escapeLiteral(String(value)),
  )
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) execute ${name}(${literals.join(', ')})`)
  await client.query('rollback')
  await client.query(`deallocate ${name}`)
  return scans(rows[0]?.['QUERY PLAN'][0].Plan as Plan)
}

const arrayText = (items: unknown[]) =>
  `{${items.map((item) => (item === null ? 'null' : `"${String(item).replace(/[\\"]/g, '\\$&')}"`)).join(',')}}`

function everything(): FlushBatch {
  const { world } = pw
  const run = world.id()
  const at = Date.now()
  return {
    ...emptyBatch,
    worker: world.id(),
    starts: [world.start({ state: 'running' })],
    journal: [world.journal(run, 1)],
    finishes: [world.finish(run)],
    parks: [world.park(world.id())],
    received: [{ org: world.org, run, id: world.id() }],
    messages: [world.message(world.id())],
    logs: [{ org: world.org, run, cmd: 1, step: 's', attempt: 1, at, level: 'info', message: 'm', data: null }],
    progress: [{ org: world.org, run, cmd: 1, attempt: 1, at, details: '1' }],
    events: [{ org: world.org, type: 't', subject: 's', data: '{}', at }],
  }
}

async function expectIndexPlans(): Promise<void> {
  const claim = [pw.world.id(), [pw.world.queue], null, 10, pw.world.org, DUE_LOOK_MAX]
  expect(await scanned('p_claim', claimStatement, claim)).toEqual([])
  for (const resent of [false, true]) {
    const statement = composeFlush(everything(), resent)
    expect(await scanned('p_flush', statement?.text ?? '', statement?.values ?? [])).toEqual([])
  }
}

describe('generic plans', () => {
  it('generic plans made for empty tables use only indexes', async () => {
    await expectIndexPlans()
  })

  it('generic plans and functions use only indexes with many live runs', async () => {
    const admin = await pw.connect('postgres')
    await admin.query(
      `insert into engine.live (org_id, run_id, queue, state, priority, rank, at, begun, next_seq, waits)
       select $1, engine.uuid7(), $2, case when n % 10 < 2 then 1 when n % 10 < 8 then 3 else 5 end, 1, now(),
              case when n % 10 between 2 and 7 then now() + n * interval '1 second' end, true, 1, '[{"type":"signal","name":"x","until":null}]'
       from generate_series(1, $3::int) n`,
      [pw.world.org, pw.world.queue, LIVE_ROWS],
    )
    await admin.query('analyze engine.live')
    await expectIndexPlans()
    const { store, world } = pw
    const me = await world.worker()
    const before = await seqScans(admin)
    const claimed = await store.claim({ worker: me, queues: [world.queue], orgs: null, limit: 20 })
    expect(claimed.runs).toEqual([])
    await store.beat(me, { leaseMs: 600_000, queues: [world.queue], idle: [] })
    const start = world.start({ state: 'running' })
    await world.flush(me, { starts: [start] })
    await world.flush(me, { journal: [world.journal(start.run, 1)], messages: [world.message(start.run)] })
    await world.flush(me, { finishes: [world.finish(start.run)] })
    await store.startAdmitted(world.admitted({ concurrency: [{ limit: 'l', max: 1, onFull: 'queue' }] }))
    // Counters reach the statistics when a connection has been idle for a moment, or ends.
    await store.close()
    await pw.until(async () => (await connections(admin)) === 0)
    const after = await seqScans(admin)
    expect(after.map(({ relname, seq_scan }) => ({ relname, seq_scan }))).toEqual(
      before.map(({ relname, seq_scan }) => ({ relname, seq_scan })),
    )
    // Proves that the counters reached the statistics.
    const used = (rows: readonly Scans[]) => rows.find((row) => row.relname === 'live')?.idx_scan ?? 0
    expect(used(after)).toBeGreaterThan(used(before))
  })
})

async function connections(admin: pg.Client): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name in ('orrery engine', 'orrery flush') and pid <> pg_backend_pid()`,
  )
  return rows[0]?.n ?? 0
}

interface Scans {
  readonly relname: string
  readonly seq_scan: number
  readonly idx_scan: number
}

async function seqScans(admin: pg.Client): Promise<Scans[]> {
  await admin.query('select pg_stat_clear_snapshot()')
  const { rows } = await admin.query<Scans>(
    `select relname, seq_scan::int, idx_scan::int from pg_stat_user_tables where schemaname = 'engine' and relname = any ($1) order by 1`,
    [CHURNING],
  )
  return rows
}
