/** Checks a database after chaos. Every finding is a broken promise. */
import { createPostgresStore } from '@orrery/engine/postgres'
import type pg from 'pg'
import { expect, type ModelInput, type WorkflowName } from './fixtures/model.ts'
import { type ChaosDatabase, ORG } from './postgres.ts'

export interface Finding {
  readonly rule: string
  readonly count: number
  readonly examples: readonly string[]
}

/** The violation that only the fence prevents. */
export const STALE_WRITE = 'a write of a process that did not own the run (I5)'

const EXAMPLES_MAX = 3

/** Each query returns one text column, with a row for each violation. */
const rules: Readonly<Record<string, string>> = {
  [STALE_WRITE]: `
    select format('%s wrote %s of run %s, which %s had', process, what, run_id, coalesce(owner, 'no worker')) from chaos.stale_write`,
  'an effect before what it saw was durable (I3)': `
    select format('%s of run %s saw %s', step, run_id, saw) from (table chaos.effect union all table chaos.deposit) e where not durable`,
  'a recorded result that no body made': `
    select format('run %s, row %s', j.run_id, j.seq) from engine.journal j
    where j.kind = 1 and j.error is null and not exists (select from chaos.effect e where e.token = j.output->>'token')
      and not exists (select from chaos.deposit d where d.token = j.output->>'token')`,
  'a transactional effect that is not recorded': `
    select format('%s of run %s', d.key, d.run_id) from chaos.deposit d
    where not exists (select from engine.journal j where j.run_id = d.run_id and j.kind = 1 and j.output->>'token' = d.token)`,
  'a transactional effect that happened twice': `
    select format('%s of run %s: %s times', key, run_id, count(*)) from chaos.deposit group by run_id, key having count(*) > 1`,
  'a run without exactly one end': `
    select format('run %s: %s', r.run_id, count(e.type)) from engine.run r
    left join engine.event e on e.subject = r.run_id::text and e.type in ('run.succeeded', 'run.failed', 'run.cancelled', 'run.timed_out')
    group by r.run_id having count(e.type) <> 1`,
  'a run that was not announced exactly once': `
    select format('run %s: %s', r.run_id, count(e.type)) from engine.run r
    left join engine.event e on e.subject = r.run_id::text and e.type = 'run.started' group by r.run_id having count(e.type) <> 1`,
  'a child whose input is not what its parent recorded': `
    select format('run %s', c.run_id) from engine.run c
    join engine.journal j on j.org_id = c.org_id and j.run_id = c.parent_run and j.cmd = c.parent_cmd and j.kind = 4
    where c.input::jsonb <> j.input::jsonb`,
}

/** A run may be blocked only if each of the workers that were lost with it was a process that died ($1) while it had the run. */
const blockedRule = `
  select format('run %s: %s; it was in %s processes that were killed', e.subject, e.data->>'reason', count(distinct w.version))
  from engine.event e
  left join chaos.audit a on a.run_id = e.subject::uuid and a.what = 'owner' and a.at < e.at
  left join engine.worker w on w.worker_id = a.old_worker and w.version <> a.process and w.version = any ($1)
  where e.type = 'run.blocked' and e.data->>'reason' like '% workers were lost %' group by e.id, e.subject, e.data->>'reason'
  having count(distinct w.version) < substring(e.data->>'reason' from '^[0-9]+')::int`

/** `killed`: the names of the processes that were killed. */
export async function judge(database: ChaosDatabase, acknowledged: Iterable<string>, killed: readonly string[]): Promise<Finding[]> {
  // The tables have grown from empty within minutes.
  await database.pool.query('analyze')
  const findings: Finding[] = []
  const add = (rule: string, wrong: readonly string[]) => {
    if (wrong.length > 0) findings.push({ rule, count: wrong.length, examples: wrong.slice(0, EXAMPLES_MAX) })
  }
  for (const { rule, count } of await findViolations(database)) findings.push({ rule, count, examples: [] })
  for (const [rule, text] of Object.entries(rules)) {
    const { rows } = await database.pool.query<string[]>({ text, rowMode: 'array' } satisfies pg.QueryArrayConfig)
    add(
      rule,
      rows.map((row) => row[0] ?? ''),
    )
  }
  const { rows: blocked } = await database.pool.query<string[]>({ text: blockedRule, values: [killed], rowMode: 'array' })
  add(
    'a healthy run that was blocked',
    blocked.map((row) => row[0] ?? ''),
  )
  const ends = await readEnds(database.pool)
  const known = new Map(ends.map((end) => [end.run, end]))
  add(
    'an acknowledged start that is lost (I1)',
    [...acknowledged].filter((run) => !known.get(run)?.output).map((run) => `run ${run}: ${known.has(run) ? 'no result' : 'unknown'}`),
  )
  add(
    'a run whose result differs from the model',
    ends.flatMap((end) => compare(end)),
  )
  return findings
}

/** The engine's own invariants, which must hold at any time. */
export async function findViolations(database: ChaosDatabase): Promise<{ rule: string; count: number }[]> {
  const store = createPostgresStore({ url: database.url, poolMax: 1 })
  try {
    const found = await database.patiently(() => store.violations())
    return found.map(({ invariant, rows }) => ({ rule: `the engine's view ${invariant}`, count: rows }))
  } finally {
    await store.close()
  }
}

interface End {
  readonly run: string
  readonly workflow: WorkflowName
  readonly input: ModelInput
  readonly output: { readonly value: number } | null
  readonly steps: number
  readonly deposits: number
  readonly children: number
}

async function readEnds(pool: pg.Pool): Promise<End[]> {
  const { rows } = await pool.query<End>(
    `select r.run_id as run, r.workflow, r.input, s.output, coalesce(j.steps, 0)::int as steps, coalesce(j.deposits, 0)::int as deposits,
       coalesce(c.n, 0)::int as children
     from engine.run r left join engine.result s using (org_id, run_id)
     left join (select run_id, count(*) steps, count(*) filter (where name = 'deposit') deposits from engine.journal where kind = 1 group by 1) j
       using (run_id)
     left join (select parent_run as run_id, count(*) n from engine.run where parent_run is not null group by 1) c using (run_id)
     where r.org_id = $1`,
    [ORG],
  )
  return rows
}

function compare(end: End): string[] {
  const wanted = expect(end.workflow, end.input)
  const { steps, deposits, children } = end
  const got = { value: end.output?.value, steps, deposits, children }
  const isSame = JSON.stringify(got) === JSON.stringify(wanted)
  return isSame ? [] : [`${end.workflow} ${end.run}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`]
}
