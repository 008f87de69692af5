/** The engine's views: the words they show, their isolation, and that the planner treats a query over a view like one over its tables. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyBatch } from '../empty-batch.ts'
import type { RunState } from '../store.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
let admin: pg.Client
beforeAll(async () => {
  pw = await openWorld()
  admin = await pw.connect('postgres')
})
afterAll(() => pw.close())

describe('words', () => {
  const states: readonly RunState[] = ['ready', 'running', 'waiting', 'gated', 'paused', 'blocked']
  const priorities = ['low', 'normal', 'high', 'urgent'] as const
  const statuses = ['succeeded', 'failed', 'cancelled', 'timed_out'] as const
  const kinds = ['step', 'sleep', 'signal', 'child', 'cancel', 'attempt', 'patch', 'version', 'generation'] as const

  const select = async (text: string): Promise<string[]> =>
    (await admin.query<{ word: string }>(text, [pw.world.org])).rows.map((row) => row.word)

  it('live_view shows state and priority of every live run as the store does', async () => {
    const { store, world } = pw
    const me = await world.worker()
    const limit = { concurrency: [{ limit: 'words', max: 1, onFull: 'queue' as const }] }
    await store.startAdmitted(world.admitted({ ...limit, queue: 'unserved' }))
    await store.startAdmitted(world.admitted({ ...limit, queue: 'unserved' }))
    for (const priority of priorities) await world.running(me, { priority })
    for (const state of ['waiting', 'paused', 'blocked'] as const) {
      const reason = state === 'blocked' ? 'x' : null
      await world.flush(me, { parks: [world.park(await world.running(me), { state, reason })] })
    }
    const live = await store.liveRuns(world.org, null, null, 100)
    expect(new Set(live.map(({ state }) => state))).toEqual(new Set(states))
    const ofRuns = (word: 'state' | 'priority') => live.map((row) => `${row.run} ${row[word]}`)
    for (const word of ['state', 'priority'] as const) {
      const text = `select run_id || ' ' || ${word} as word from engine.live_view where org_id = $1 order by run_id`
      expect(await select(text)).toEqual(ofRuns(word))
    }
  })

  it('result_view shows how runs ended, and unsuccessful_view only those that did not succeed', async () => {
    const { world } = pw
    const me = await world.worker()
    for (const status of statuses) await world.flush(me, { finishes: [world.finish(await world.running(me), { status })] })
    const ended = (view: string) => `select status as word from engine.${view} where org_id = $1 order by run_id`
    expect(await select(ended('result_view'))).toEqual(statuses)
    expect(await select(ended('unsuccessful_view'))).toEqual(['failed', 'cancelled', 'timed_out'])
  })

  it('journal_view shows the kind of every journal row', async () => {
    const { world } = pw
    const me = await world.worker()
    const run = await world.running(me)
    await world.flush(me, { journal: kinds.map((kind, index) => world.journal(run, index + 1, { kind, cmd: index + 1 })) })
    expect(await select(`select kind as word from engine.journal_view where org_id = $1 and run_id = '${run}' order by seq`)).toEqual(kinds)
  })

  it('queue_view counts the runs of each queue by state, and lists paused queues without runs', async () => {
    const { store, world } = pw
    const org = world.id()
    const me = await world.worker()
    const [first, , later] = [await world.ready({ org }), await world.ready({ org, priority: 'urgent' }), await world.running(me, { org })]
    await world.flush(me, { parks: [world.park(later, { org, state: 'paused', waits: [] })] })
    await store.setQueuePaused(org, 'empty', true)
    await store.setQueuePaused(org, world.queue, true)
    await store.setQueuePaused(org, 'forgotten', false)
    const { rows } = await admin.query('select * from engine.queue_view where org_id = $1 order by queue', [org])
    const none = { ready: 0, running: 0, waiting: 0, gated: 0, paused_runs: 0, blocked: 0 }
    const oldest = await admin.query<{ rank: Date }>('select rank from engine.live where run_id = $1', [first])
    expect(rows).toEqual([
      { org_id: org, queue: 'empty', paused: true, ...none, oldest_ready_at: null },
      { org_id: org, queue: world.queue, paused: true, ...none, ready: 2, paused_runs: 1, oldest_ready_at: oldest.rows[0]?.rank },
    ])
  })

  it('limit_view shows the size set by an operator, else the declared one, and no rate limits', async () => {
    const { store, world } = pw
    const org = world.id()
    const declared = world.admitted({ org, concurrency: [{ limit: 'declared', max: 1, onFull: 'queue' }] })
    await store.startAdmitted(declared)
    await store.startAdmitted({ ...declared, run: world.id() })
    await store.setLimit(org, 'declared', null)
    await store.startAdmitted(world.admitted({ org, concurrency: [{ limit: 'raised', max: 1, onFull: 'queue' }] }))
    await store.setLimit(org, 'raised', 4)
    await store.setLimit(org, 'set', 5)
    await store.startAdmitted(world.admitted({ org, rate: { limit: 'rate', max: 1, periodMs: 1000 } }))
    const { rows } = await admin.query('select name, max, override, holders, waiting from engine.limit_view where org_id = $1 order by 1', [
      org,
    ])
    expect(rows).toEqual([
      { name: 'declared', max: 1, override: null, holders: 1, waiting: 1 },
      { name: 'raised', max: 4, override: 4, holders: 1, waiting: 0 },
      { name: 'set', max: 5, override: 5, holders: 0, waiting: 0 },
    ])
  })

  it('version_view marks the default version among all bundles that contain the workflow', async () => {
    const { store, world } = pw
    const org = world.id()
    const manifest = (...names: string[]) => JSON.stringify({ protocol: 1, workflows: names.map((name) => ({ name })) })
    await store.saveBundle(org, 'old', 'code', manifest('order', 'other'))
    await store.saveBundle(org, 'new', 'code', manifest('order'))
    await store.setDefault(org, 'order', 'new')
    await store.setDefault(org, 'other', 'old')
    const versions = await admin.query(
      `select bundle, is_default from engine.version_view where org_id = $1 and workflow = 'order' order by bundle`,
      [org],
    )
    expect(versions.rows).toEqual([
      { bundle: 'new', is_default: true },
      { bundle: 'old', is_default: false },
    ])
    const defaults = await admin.query('select workflow, bundle, manifest from engine.workflow_view where org_id = $1 order by 1', [org])
    expect(defaults.rows).toEqual([
      { workflow: 'order', bundle: 'new', manifest: JSON.parse(manifest('order')) },
      { workflow: 'other', bundle: 'old', manifest: JSON.parse(manifest('order', 'other')) },
    ])
  })
})

describe('isolation', () => {
  it('every view shows an app connection only the rows of its own org', async () => {
    const { store, world } = pw
    const orgs = [world.id(), world.id()]
    for (const org of orgs) await fill(org)
    const { rows: views } = await admin.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'engine'::regnamespace and relkind = 'v' and relname like '%\\_view' order by 1`,
    )
    expect(views.length).toBeGreaterThanOrEqual(13)
    const [own, other = ''] = orgs
    const app = await pw.connect('orrery_app', own)
    const withoutOrg = await pw.connect('orrery_app')
    for (const { name } of views) {
      const key = name === 'worker_view' ? 'orgs[1]' : 'org_id'
      const seen = async (client: pg.Client) =>
        (await client.query<{ org: string }>(`select distinct ${key} as org from engine.${name}`)).rows
      const mine = (await seen(app)).map(({ org }) => org)
      expect([name, mine.includes(own ?? ''), mine.includes(other)]).toEqual([name, true, false])
      expect([name, await seen(withoutOrg)]).toEqual([name, []])
    }
    expect(await store.violations()).toEqual([])
  })

  /** Inserts a row of the org for every view. */
  async function fill(org: string): Promise<void> {
    const { store, world } = pw
    const info = { host: 'h', pid: 1, version: '0', queues: [], slots: 1, steps: [], orgs: [org] }
    const me = (await store.register(info)).worker
    const [active, ended] = [await world.running(me, { org }), await world.running(me, { org })]
    await store.flush({
      ...emptyBatch,
      worker: me,
      journal: [world.journal(active, 1, { org })],
      finishes: [world.finish(ended, { org, status: 'failed' })],
      messages: [world.message(active, { org })],
      logs: [{ org, run: active, cmd: 1, step: 's', attempt: 1, at: world.now, level: 'info', message: 'm', data: null }],
      events: [{ org, type: 't', subject: 's', data: '{}', at: world.now }],
    })
    await store.setLimit(org, 'l', 1)
    await store.saveBundle(org, 'h', 'code', JSON.stringify({ protocol: 1, workflows: [{ name: 'order' }] }))
    await store.setDefault(org, 'order', 'h')
  }
})

const run = '$2::uuid'
/** Before version 16 PostgreSQL does not remove a join to a partitioned table none of whose columns are used. */
const SINCE_16 = ['a bundle and the workflow of a run', 'the runs behind a run']
/** [the question, the query over views, the same query over tables]. $1 is an org, $2 a run. */
const questions: readonly (readonly [string, string, string])[] = [
  [
    'live runs of a status',
    `select v.run_id from engine.run_view v join engine.live_view x on x.org_id = v.org_id and x.run_id = v.run_id
     where v.org_id = $1 and v.run_id < ${run} and v.status = 'waiting' order by v.run_id desc limit 50`,
    `select v.run_id from engine.run_view v join engine.live x on x.org_id = v.org_id and x.run_id = v.run_id
     where v.org_id = $1 and v.run_id < ${run} and v.status = 'waiting' order by v.run_id desc limit 50`,
  ],
  [
    'runs that did not succeed',
    `select v.run_id from engine.run_view v join engine.unsuccessful_view x on x.org_id = v.org_id and x.run_id = v.run_id
     where v.org_id = $1 and v.run_id < ${run} and v.status = 'failed' order by v.run_id desc limit 50`,
    `select v.run_id from engine.run_view v join engine.result x on x.org_id = v.org_id and x.run_id = v.run_id and x.status <> 1
     where v.org_id = $1 and v.run_id < ${run} and v.status = 'failed' order by v.run_id desc limit 50`,
  ],
  [
    'payloads of a run',
    `select org_id, input::text, output::text, error from engine.run_view where org_id = $1 and run_id = ${run}`,
    `select r.org_id, r.input::text, s.output::text, s.error from engine.run r
     left join engine.result s on s.org_id = r.org_id and s.run_id = r.run_id where r.org_id = $1 and r.run_id = ${run}`,
  ],
  [
    'the history of a run',
    `select seq, kind, input::text from engine.journal_view where org_id = $1 and run_id = ${run} and seq > 3 order by seq limit 50`,
    `select seq, kind, input::text from engine.journal where org_id = $1 and run_id = ${run} and seq > 3 order by seq limit 50`,
  ],
  [
    'steps among commands',
    `select cmd from engine.journal_view where org_id = $1 and run_id = ${run} and kind = 'step' and cmd = any ('{1,2}')`,
    `select cmd from engine.journal where org_id = $1 and run_id = ${run} and kind = 1 and cmd = any ('{1,2}')`,
  ],
  [
    'the last row of a history',
    `select max(seq) from engine.journal_view where org_id = $1 and run_id = ${run}`,
    `select max(seq) from engine.journal where org_id = $1 and run_id = ${run}`,
  ],
  [
    'logs of a run',
    `select id::text, message from engine.log_view where org_id = $1 and run_id = ${run} and id > 5 order by id limit 50`,
    `select id::text, message from engine.log where org_id = $1 and run_id = ${run} and id > 5 order by id limit 50`,
  ],
  [
    'limits',
    `select name, max, override, holders, waiting from engine.limit_view where org_id = $1 and name > 'a' order by name limit 20`,
    `select f.name, coalesce(f.override, f.max), f.override, f.running,
       (select count(*)::int from engine.live l where l.org_id = f.org_id and l.gate = f.name and l.state = 4)
     from engine.flow_limit f where f.org_id = $1 and f.name > 'a' and (f.max is not null or f.override is not null) order by f.name limit 20`,
  ],
  [
    'deployed workflows',
    `select workflow, bundle, deployed_at, manifest from engine.workflow_view where org_id = $1 and workflow > 'a' order by workflow limit 20`,
    `select d.workflow, d.bundle, d.set_at, b.manifest from engine.workflow_default d join engine.bundle b on b.org_id = d.org_id and b.hash = d.bundle
     where d.org_id = $1 and d.workflow > 'a' order by d.workflow limit 20`,
  ],
  [
    'a bundle and the workflow of a run',
    `select r.workflow, b.manifest from engine.run_view r left join engine.bundle_view b on b.org_id = r.org_id and b.bundle = 'h'
     where r.org_id = $1 and r.run_id = ${run}`,
    `select r.workflow, b.manifest from engine.run r left join engine.bundle b on b.org_id = r.org_id and b.hash = 'h'
     where r.org_id = $1 and r.run_id = ${run}`,
  ],
  [
    'workers',
    `select worker_id from engine.worker_view where (date_trunc('milliseconds', started_at), worker_id) < (now(), ${run})
     order by date_trunc('milliseconds', started_at) desc, worker_id desc limit 20`,
    `select worker_id from engine.worker where (date_trunc('milliseconds', started_at), worker_id) < (now(), ${run})
     order by date_trunc('milliseconds', started_at) desc, worker_id desc limit 20`,
  ],
  [
    'whether runs are live still',
    `select from (values ($1::uuid, ${run})) f(org_id, run_id)
     where exists (select from engine.live_view l where l.org_id = f.org_id and l.run_id = f.run_id)`,
    `select from (values ($1::uuid, ${run})) f(org_id, run_id)
     where exists (select from engine.live l where l.org_id = f.org_id and l.run_id = f.run_id)`,
  ],
  [
    'how runs ended that are not live any more',
    `select coalesce(r.status, 'cancelled') from (values ($1::uuid, ${run})) f(org_id, run_id)
     left join engine.result_view r on r.org_id = f.org_id and r.run_id = f.run_id
     where not exists (select from engine.live_view l where l.org_id = f.org_id and l.run_id = f.run_id)`,
    `select r.status from (values ($1::uuid, ${run})) f(org_id, run_id) left join engine.result r on r.org_id = f.org_id and r.run_id = f.run_id
     where not exists (select from engine.live l where l.org_id = f.org_id and l.run_id = f.run_id)`,
  ],
  [
    'the runs behind a run',
    `with recursive up(run_id, place) as (
       select ${run}, 0 union all
       select coalesce(r.parent_run, r.origin_run), up.place + 1 from up join engine.run_view r on r.org_id = $1 and r.run_id = up.run_id
       where coalesce(r.parent_run, r.origin_run) is not null and up.place < 100) select * from up`,
    `with recursive up(run_id, place) as (
       select ${run}, 0 union all
       select coalesce(r.parent_run, r.origin_run), up.place + 1 from up join engine.run r on r.org_id = $1 and r.run_id = up.run_id
       where coalesce(r.parent_run, r.origin_run) is not null and up.place < 100) select * from up`,
  ],
  ...(['asc', 'desc'] as const).map(
    (order) =>
      [
        `events of an org, ${order}`,
        `select e.tx::text, e.id::text, e.data from engine.event_view e where e.org_id = $1 and (e.tx, e.id) > ('1'::xid8, 2)
           and e.tx < pg_snapshot_xmin(pg_current_snapshot()) and e.type = 't' order by e.tx ${order}, e.id ${order} limit 50`,
        `select e.tx::text, e.id::text, e.data from engine.event e where e.org_id = $1 and (e.tx, e.id) > ('1'::xid8, 2)
           and e.tx < pg_snapshot_xmin(pg_current_snapshot()) and e.type = 't' order by e.tx ${order}, e.id ${order} limit 50`,
      ] as const,
  ),
  [
    'events of all orgs',
    `select e.* from engine.event_view e where (e.tx, e.id) > ('1'::xid8, 2) order by e.tx, e.id limit 50`,
    `select e.* from engine.event e where (e.tx, e.id) > ('1'::xid8, 2) order by e.tx, e.id limit 50`,
  ],
  [
    'an event by its place',
    `select from engine.event_view where org_id = $1 and tx = '5'::xid8 and id = 7`,
    `select from engine.event where org_id = $1 and tx = '5'::xid8 and id = 7`,
  ],
]

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

/** A plan's access paths, without the aliases of the statement. */
type Shape = readonly [string, string, boolean, readonly Shape[]]
const shape = (plan: Plan): Shape => [
  `${plan['Node Type']} ${plan['Relation Name'] ?? ''}`,
  plan['Index Name'] ?? '',
  plan['Index Cond'] !== undefined,
  (plan.Plans ?? []).map(shape),
]

const readsWhole = ([node, , hasCondition, inner]: Shape): boolean =>
  node.startsWith('Seq Scan') || (/^Index.* Scan/.test(node) && !hasCondition) || inner.some(readsWhole)

/** The settings of the pool for a host's requests: a page of a list is read from an index. */
const indexed = ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin', 'sort', 'material'].map((name) => `-c enable_${name}=off`).join(' ')

describe('plans', () => {
  const clients: pg.Client[] = []
  afterAll(() => Promise.all(clients.map((client) => client.end())))
  const connect = async (options: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: pw.url, options: `-c jit=off -c app.org_id=${pw.world.org} ${options}` })
    await client.connect()
    clients.push(client)
    return client
  }

  async function planned(client: pg.Client, text: string): Promise<Shape> {
    const count = text.includes('$2') ? 2 : text.includes('$1') ? 1 : 0
    const values = [pw.world.org, pw.world.id()].slice(0, count).map((value) => `'${value}'`)
    await client.query(`prepare asked${count > 0 ? `(${'uuid, '.repeat(count).slice(0, -2)})` : ''} as ${text}`)
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (format json) execute asked${count > 0 ? `(${values.join(', ')})` : ''}`,
    )
    await client.query('deallocate asked')
    return shape(rows[0]?.['QUERY PLAN'][0].Plan as Plan)
  }

  async function compare(): Promise<void> {
    const { rows } = await admin.query<{ version: number }>(`select current_setting('server_version_num')::int as version`)
    const asked = questions.filter(([name]) => (rows[0]?.version ?? 0) >= 160_000 || !SINCE_16.includes(name))
    for (const role of ['orrery_app', 'orrery_engine']) {
      for (const mode of ['force_custom_plan', 'force_generic_plan']) {
        const client = await connect(`-c role=${role} -c plan_cache_mode=${mode} ${indexed}`)
        for (const [name, views, tables] of asked)
          expect({ name, role, mode, plan: await planned(client, views) }).toEqual({
            name,
            role,
            mode,
            plan: await planned(client, tables),
          })
      }
    }
  }

  /**
   * These two differ from the statements over tables that they replace, so they are only checked for reading nothing but the org's rows.
   */
  async function expectIndexPlans(): Promise<void> {
    for (const role of ['orrery_app', 'orrery_engine']) {
      const client = await connect(`-c role=${role} -c plan_cache_mode=force_generic_plan ${indexed}`)
      for (const text of [
        `select * from engine.queue_view where org_id = $1 and queue > 'a' order by queue limit 20`,
        `select bundle, is_default from engine.version_view where org_id = $1 and workflow = 'w' order by created_at desc, bundle desc limit 20`,
      ])
        expect({ text, role, readsWhole: readsWhole(await planned(client, text)) }).toEqual({ text, role, readsWhole: false })
    }
  }

  it('plans over views equal plans over tables while the tables are empty', async () => {
    await compare()
    await expectIndexPlans()
  })

  it('plans over views equal plans over tables when the tables are full', async () => {
    const { org } = pw.world
    await admin.query(
      `insert into engine.run (org_id, run_id, workflow, bundle, queue, priority, tags, created_at, seed, keys, clock_at)
       select case when n % 4 = 0 then $1::uuid else gen_random_uuid() end, engine.uuid7(), 'w', 'h', 'q', 1, '{}', now(), '', '', now()
       from generate_series(1, 20000) n`,
      [org],
    )
    await admin.query(
      `insert into engine.result (org_id, run_id, status, at) select org_id, run_id, 1, now() from engine.run where queue = 'q'`,
    )
    await admin.query(
      `insert into engine.live (org_id, run_id, queue, state, priority, rank, begun)
       select case when n % 4 = 0 then $1::uuid else gen_random_uuid() end, engine.uuid7(), 'q' || (n % 50), 1 + n % 6, n % 4, now(), true
       from generate_series(1, 20000) n`,
      [org],
    )
    await admin.query(
      `insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name)
       select org_id, run_id, 1, 1, 1, 1, now(), now(), 's' from engine.run where queue = 'q'`,
    )
    await admin.query(
      `insert into engine.event (org_id, at, type, subject, data)
       select case when n % 4 = 0 then $1::uuid else gen_random_uuid() end, now(), 't', 's', '{}' from generate_series(1, 20000) n`,
      [org],
    )
    for (const table of ['run', 'result', 'live', 'journal', 'event']) await admin.query(`analyze engine.${table}`)
    await compare()
    await expectIndexPlans()
  })
})
