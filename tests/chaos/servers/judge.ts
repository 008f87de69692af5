/** What is left when the load has ended. Every finding is a broken promise. */
import { readFileSync } from 'node:fs'
import { decodeId } from '@orrery/contract'
import { until } from '../../support/until.ts'
import { ANSWER_MS_MAX } from './ask.ts'
import type { Load } from './load.ts'
import type { World } from './world.ts'

export interface Finding {
  readonly rule: string
  readonly count: number
  readonly examples: readonly string[]
}

/** A firing is in the database this much after its time at the least, and a clock may be wrong by this much. */
const EARLY_MS_MAX = 20
const STEPS = 5
const DRAIN_MS_MAX = 90_000
const EXAMPLES_MAX = 3

/** Notes by the database's clock when a firing is committed. */
export const NOTE_FIRINGS = `
  create table public.fired (firing_id uuid, nominal_at timestamptz, at timestamptz);
  create function public.note_firing() returns trigger language plpgsql security definer as $$
  begin insert into public.fired values (new.firing_id, new.nominal_at, clock_timestamp()); return null; end $$;
  create trigger note after insert on app.firing for each row when (new.cause = 'schedule' and new.outcome = 'started') execute function public.note_firing()`

/** Each query returns one text column, with a row for each violation. */
const rules: Readonly<Record<string, string>> = {
  'a run that did not succeed': `select format('%s: %s', run_id, status) from engine.run_view where status <> 'succeeded'`,
  'a run that was blocked': `select subject from engine.event where type = 'run.blocked'`,
  'a run without exactly one start and one end among the events': `
    select format('%s: %s', r.run_id, string_agg(e.type, ' ')) from engine.run r
    left join engine.event e on e.subject = r.run_id::text and e.type in ('run.started', 'run.succeeded', 'run.failed', 'run.cancelled', 'run.timed_out')
    group by r.run_id having count(*) filter (where e.type = 'run.started') <> 1 or count(*) <> 2`,
  'a run without each of its steps, recorded once': `
    select format('%s: %s rows, %s outputs', r.run_id, count(j.seq), count(distinct j.output::text)) from engine.run r
    left join engine.journal j on j.run_id = r.run_id and j.kind = 1
    group by r.run_id, r.workflow having count(j.seq) <> case r.workflow when 'receipts' then ${STEPS} else 2 end
    or r.workflow = 'receipts' and count(distinct j.output::text) <> ${STEPS}`,
  'an occurrence of a schedule that fired twice': `
    select format('%s %s: %s', automation_id, nominal_at, count(*)) from app.firing where cause = 'schedule' and outcome = 'started'
    group by automation_id, nominal_at having count(*) > 1`,
  'an occurrence of a schedule that was lost': `
    select format('%s: nothing between %s and %s', automation_id, before, nominal_at) from (
      select automation_id, nominal_at, lag(nominal_at) over (partition by automation_id order by nominal_at) as before
      from app.firing where cause = 'schedule' and outcome = 'started') f
    where nominal_at - before <> interval '1 second'`,
  'an occurrence of a schedule that did not start its run': `
    select format('%s %s: %s %s', f.automation_id, f.nominal_at, f.outcome, f.reason) from app.firing f
    left join engine.run r on r.org_id = f.org_id and r.run_id = f.run_id
    where f.cause = 'schedule' and (f.outcome <> 'started' and f.reason is distinct from 'paused' or f.outcome = 'started' and r.run_id is null)`,
  'a trigger that reports a trouble': `select format('%s: %s', key, trouble) from app.trigger where trouble is not null`,
  'a firing before its time': `
    select format('%s: %s, %s ms early', firing_id, nominal_at, extract(epoch from nominal_at - at) * 1000) from public.fired
    where at < nominal_at - interval '${EARLY_MS_MAX} ms'`,
  'a start with an idempotency key that has several runs': `
    select format('%s: %s runs', input::jsonb->>'n', count(*)) from engine.run where (input::jsonb->>'n')::int = any($1) group by input::jsonb->>'n'
    having count(*) <> 1`,
}

export async function judge(world: World, load: Load): Promise<readonly Finding[]> {
  const findings: Finding[] = [...load.answers.faults].map(([rule, examples]) => toFinding(rule, examples))
  const add = (rule: string, wrong: readonly string[]): void => {
    if (wrong.length > 0) findings.push(toFinding(rule, wrong))
  }
  for (const [rule, text] of Object.entries(rules)) {
    const values = text.includes('$1') ? [[...load.keyed]] : []
    const { rows } = await world.admin.query<string[]>({ text, values, rowMode: 'array' })
    add(
      rule,
      rows.map(([row = '']) => row),
    )
  }
  add('a view of an invariant that has rows', await readViews(world))
  add('an accepted start that is lost or changed', await findLost(world, load))
  add('a delivery at a webhook that is lost or doubled', await findDeliveries(world, load))
  add('an accepted change that is lost', await findChange(world, load))
  add('an event that a stream missed or sent twice', await findEvents(world, load))
  add('a pipeline whose effect did not happen exactly once', await findEmitted(world))
  add('a repeated body whose line is not its step’s', findReceipts(world, await readOutputs(world)))
  add('a server that has ended', findEnded(world))
  add('a failure of the database that was taken for a fault of what it hit', findMistaken(world))
  add('an answer of 500, as the server counts them', await countFaults(world))
  add('the metric of invariants', await readMetric(world))
  add('the audit log', await verifyAudit(world))
  if (load.answers.slowestMs > ANSWER_MS_MAX) add('the slowest answer', [`${load.answers.slowestMs} ms`])
  return findings
}

const toFinding = (rule: string, wrong: readonly string[]): Finding => ({
  rule,
  count: wrong.length,
  examples: wrong.slice(0, EXAMPLES_MAX),
})

/** Waits until no run is live. */
export function waitForRuns({ admin }: World): Promise<unknown> {
  return until(
    'no run is live',
    async () => (await admin.query<{ n: number }>('select count(*)::int as n from engine.live')).rows[0]?.n === 0,
    DRAIN_MS_MAX,
  )
}

async function column(world: World, text: string): Promise<string[]> {
  const { rows } = await world.admin.query<string[]>({ text, rowMode: 'array' })
  return rows.map(([value = '']) => value)
}

async function readViews(world: World): Promise<string[]> {
  const views = await column(
    world,
    `select format('%s.%s', relnamespace::regnamespace, relname) from pg_class
     where relnamespace::regnamespace::text in ('engine', 'app') and relkind = 'v' and relname like 'inv\\_%'`,
  )
  const counts = await Promise.all(views.map((view) => column(world, `select count(*)::text from ${view}`)))
  return views.filter((_, at) => counts[at]?.[0] !== '0')
}

async function findLost(world: World, load: Load): Promise<string[]> {
  const { rows } = await world.admin.query<{ run: string; n: number }>(
    `select run_id as run, (input::jsonb->>'n')::int as n from engine.run`,
  )
  const numbers = new Map(rows.map(({ run, n }) => [run, n]))
  return [...load.accepted].filter(([run, n]) => numbers.get(decodeId('run', run) ?? '') !== n).map(([run, n]) => `${run}, of start ${n}`)
}

async function findDeliveries(world: World, load: Load): Promise<string[]> {
  const fired = new Set(await column(world, `select firing_id::text from app.firing where cause = 'webhook' and outcome = 'started'`))
  const wrong = [...load.fired].filter(([, ids]) => ids.size !== 1 || ![...ids].every((id) => fired.has(decodeId('fir', id) ?? '')))
  const more = fired.size - load.fired.size
  return [...wrong.map(([delivery, ids]) => `${delivery}: ${[...ids]}`), ...(more === 0 ? [] : [`${more} firings more than deliveries`])]
}

async function findChange(world: World, load: Load): Promise<string[]> {
  const [title = 'none'] = await column(world, `select title from app.automation where name = 'changing'`)
  const [versions = ''] = await column(world, `select version::text from app.automation where name = 'changing'`)
  const n = load.lastChange()
  return title === `Change ${n}` && versions === String(n) ? [] : [`${title} in version ${versions} instead of ${n}`]
}

/** From the first event that a stream sent, it sent each one once. */
async function findEvents(world: World, load: Load): Promise<string[]> {
  const all = await column(world, `select tx::text || '-' || id::text from engine.event order by engine.event.tx, engine.event.id`)
  return load.seen.flatMap(({ server, cursors }) => {
    const sent = new Set(cursors)
    const missed = all.slice(all.indexOf(cursors[0] ?? '')).filter((cursor) => !sent.has(cursor))
    const twice = cursors.length - sent.size
    return [...missed.map((cursor) => `${server.name}: ${cursor} missed`), ...(twice === 0 ? [] : [`${server.name}: ${twice} sent twice`])]
  })
}

async function findEmitted(world: World): Promise<string[]> {
  const subjects = await column(world, `select subject from engine.event where type = 'chaos.emitted'`)
  const counts = new Map<string, number>()
  for (const subject of subjects)
    counts.set(decodeId('run', subject) ?? subject, (counts.get(decodeId('run', subject) ?? subject) ?? 0) + 1)
  const pipelines = await column(world, `select run_id::text from engine.run where workflow = 'orrery.pipeline'`)
  return pipelines.flatMap((run) => (counts.get(run) === 1 ? [] : [`${run}: ${counts.get(run) ?? 0}`]))
}

const readOutputs = (world: World): Promise<string[]> =>
  column(world, `select run_id::text || ' ' || (output#>>'{}') from engine.journal where kind = 1 and name = 'receipt'`)

/** The lines that steps left outside contain each recorded one. */
function findReceipts(world: World, recorded: readonly string[]): string[] {
  const left = new Set(readFileSync(world.receipts, 'utf8').split('\n'))
  return recorded.filter((row) => !left.has(row.slice(row.indexOf(' ') + 1)))
}

function findEnded(world: World): string[] {
  return world.servers
    .filter(({ program: { child } }) => child.exitCode !== null || child.signalCode !== null)
    .map(({ name, program }) => `${name}: ${program.child.exitCode ?? program.child.signalCode}: ${program.err().slice(-500)}`)
}

/** Logged where the fault is permanent. */
const PERMANENT = [
  'A schedule could not be fired',
  'A trigger failed at an event',
  'Due work of an automation failed',
  'The ends of runs could not be recorded',
  '"level":"fatal"',
]

const findMistaken = ({ servers }: World): string[] =>
  servers.flatMap(({ program }) =>
    program
      .err()
      .split('\n')
      .filter((line) => PERMANENT.some((text) => line.includes(text)))
      .map((line) => line.slice(0, 400)),
  )

const metricsOf = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text()

async function countFaults(world: World): Promise<string[]> {
  const texts = await Promise.all(world.servers.map(({ url }) => metricsOf(url)))
  return texts.flatMap((text) => text.split('\n').filter((line) => /_duration_seconds_count\{.*status="500"/.test(line)))
}

/** The server counts them itself, in the background, after the first request. */
async function readMetric(world: World): Promise<string[]> {
  const counts = await Promise.all(
    world.servers.map(({ url }) =>
      until(
        'the server has looked at its invariants',
        async () => /^orrery_invariant_violations (\d+)$/m.exec(await metricsOf(url))?.[1] ?? null,
      ),
    ),
  )
  return counts.flatMap((count, at) => (count === '0' ? [] : [`${world.servers[at]?.name}: ${count}`]))
}

async function verifyAudit(world: World): Promise<string[]> {
  const [{ url }] = world.servers
  const answer = await fetch(`${url}/api/v1/audit/verify`, { headers: { authorization: `Bearer ${world.key}` } })
  const text = await answer.text()
  return answer.ok && (JSON.parse(text) as { ok: boolean }).ok ? [] : [text]
}
