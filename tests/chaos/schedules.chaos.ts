/**
 * Goal: no occurrence of a schedule is lost or fires twice. Three processes fire the same schedules; they are killed, stopped for longer
 * than a transaction may be idle, and their clocks are set forwards and back.
 * `ORRERY_CHAOS_SECONDS` and `ORRERY_CHAOS_SCHEDULES` set the size, `ORRERY_CHAOS_SEED` the sequence of faults.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { listViolations } from '../../packages/kernel/src/database/list-violations.ts'
import { startTestCore, type TestCore } from '../support/start-test-core.ts'
import { seeded } from './random.ts'

const PROCESSES = 3
const seconds = Number(process.env.ORRERY_CHAOS_SECONDS ?? 15)
const schedules = Number(process.env.ORRERY_CHAOS_SCHEDULES ?? 40)
const seed = Number(process.env.ORRERY_CHAOS_SEED ?? 20_261_121)
const PROGRAM = fileURLToPath(new URL('./scheduler-process.fixture.ts', import.meta.url))

const running = new Set<ChildProcess>()
let t: TestCore

afterEach(async () => {
  for (const one of running) one.kill('SIGKILL')
  await t?.close()
})

function begin(): Promise<ChildProcess> {
  const child = fork(PROGRAM, [t.url], {
    execArgv: ['--conditions=orrery-source', '--disable-warning=ExperimentalWarning'],
    stdio: 'inherit',
  })
  running.add(child)
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('exit', () => {
      running.delete(child)
      reject(new Error('It ended before it was ready'))
    })
  })
}

async function kill(child: ChildProcess): Promise<ChildProcess> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  return begin()
}

async function stopFor(child: ChildProcess, ms: number): Promise<void> {
  child.kill('SIGSTOP')
  await delay(ms)
  child.kill('SIGCONT')
}

interface Fired {
  readonly automation: string
  readonly nominals: readonly number[]
}

/** Nominal times of the firings, by automation. */
async function readFired(): Promise<Fired[]> {
  const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) =>
    client.query<Fired>(
      `select automation_id as automation, array_agg((extract(epoch from nominal_at) * 1000)::float8 order by nominal_at) as nominals
       from app.firing where outcome = 'started' group by automation_id`,
    ),
  )
  return rows
}

const count = async (text: string): Promise<number> => {
  const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) => client.query<{ count: string }>(text))
  return Number(rows[0]?.count)
}

it(`seed ${seed}: ${schedules} schedules, each once a second for ${seconds} s, are all fired exactly once`, async () => {
  t = await startTestCore({ work: false })
  await t.deploy()
  const names = Array.from({ length: schedules }, (_, at) => `each-second-${at}`)
  const trigger = { type: 'schedule', schedule: 'every 1s', misfire: 'all' } as const
  const target = { workflow: { name: 'greeting', input: { name: 'Ada' } }, overlap: 'allow_all' } as const
  for (const name of names) await t.call('automations.create', { name, triggers: [trigger], ...target })
  const processes: (ChildProcess | null)[] = await Promise.all(Array.from({ length: PROCESSES }, begin))
  const random = seeded(seed)
  const done = { kills: 0, stops: 0, steps: 0 }
  const pending: Promise<void>[] = []
  const replace = async (at: number, child: ChildProcess): Promise<void> => {
    processes[at] = null
    processes[at] = await kill(child)
  }
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    await delay(100 + random() * 400)
    const at = Math.floor(random() * PROCESSES)
    const chance = random()
    const child = processes[at] ?? null
    // The process is still starting.
    if (child === null) continue
    if (chance < 0.4) {
      pending.push(replace(at, child))
      done.kills += 1
    } else if (chance < 0.7) {
      pending.push(stopFor(child, 500 + random() * 5500))
      done.stops += 1
    } else {
      child.send({ stepMs: Math.round((random() - 0.5) * 20_000) })
      done.steps += 1
    }
  }
  await Promise.all(pending)
  // With correct clocks until every schedule has reached the present.
  await Promise.all(processes.map((child, at) => (child === null ? null : replace(at, child))))
  const present = Date.now()
  const isThere = ({ nominals }: Fired) => (nominals.at(-1) ?? 0) >= present - 1000
  for (const end = Date.now() + 60_000; !(await readFired()).every(isThere) && Date.now() < end; ) await delay(200)
  await Promise.all(names.map((automation) => t.call('automations.pause', { automation })))
  for (const one of running) one.kill('SIGKILL')

  const fired = await readFired()
  expect(fired).toHaveLength(schedules)
  const holes = fired.filter(({ nominals }) => nominals.some((at, index) => index > 0 && at - (nominals[index - 1] ?? 0) !== 1000))
  expect(holes).toEqual([])
  const firings = fired.reduce((sum, { nominals }) => sum + nominals.length, 0)
  expect(await count('select count(*) from engine.run')).toBe(firings)
  expect(await count(`select count(*) from engine.event where type = 'run.started'`)).toBe(firings)
  expect(await count(`select count(*) from app.firing where outcome <> 'started' and reason <> 'paused'`)).toBe(0)
  expect(await listViolations(t.database)).toEqual([])
  console.log(`${firings} firings, ${done.kills} kills, ${done.stops} stops, ${done.steps} steps of a clock; none lost, none twice`)
})
