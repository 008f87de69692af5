import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEngine, type Engine, uuid7, type Worker } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import { stepRegistry } from '@orrery/engine/workflow'
import { type CrashCase, crashCases } from './crash-cases.ts'
import { inputOf, SIGNALS } from './fixtures/model.ts'
import { closeOutside, openOutside } from './fixtures/outside.ts'
import './fixtures/steps.ts'
import { forkProcess } from './fleet.ts'
import { type Finding, judge } from './oracle.ts'
import { type ChaosDatabase, ORG, startDatabase } from './postgres.ts'
import type { FromProcess, ToProcess } from './process-messages.ts'

export interface CrashReport {
  readonly cases: number
  /** Cases whose process did not die at its failpoint. */
  readonly missed: readonly string[]
  /** Cases with runs that did not end. */
  readonly unfinished: readonly string[]
  readonly findings: readonly Finding[]
}

/** Cases in progress at once. Most of a case's time is waiting for a lease to expire. */
const LANES = 8
/** Runs that the victim starts itself. */
const OWN_STARTS = 4
/** The maximum number of runs that the victim has to claim. */
const OTHER_STARTS_MAX = 9
const DEATH_MS_MAX = 20_000
const END_MS_MAX = 60_000
const LEASE_MS = 700
const BEAT_MS = 100

/** In each case one process dies at a failpoint and another takes over. At the end the oracle checks everything. */
export async function runCrashPoints(log: (line: string) => void, cases = crashCases()): Promise<CrashReport> {
  const database = await startDatabase()
  openOutside(database.url)
  const missed: string[] = []
  const unfinished: string[] = []
  const acknowledged: string[] = []
  const left = cases.map((each, number) => ({ each, number }))
  let done = 0
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { each, number } = next
      const name = `${each.failpoint}:${each.count} ${each.workflow}`
      const crash = new Crash(database, each, number)
      const outcome = await crash.run()
      acknowledged.push(...crash.acknowledged)
      if (!outcome.isHit) missed.push(name)
      if (!outcome.isFinished) unfinished.push(name)
      if (++done % 20 === 0) log(`${done} of ${cases.length} cases`)
    }
  }
  try {
    await Promise.all(Array.from({ length: LANES }, lane))
    return { cases: cases.length, missed, unfinished, findings: await judge(database, acknowledged, []) }
  } finally {
    await closeOutside()
    await database.stop()
  }
}

/** One case, with a queue of its own. */
class Crash {
  readonly acknowledged: string[] = []
  private readonly database: ChaosDatabase
  private readonly each: CrashCase
  private readonly queue: string
  /** Starts the runs that the victim has to claim, and takes over afterwards. */
  private readonly engine: Engine
  private readonly signalled = new Set<string>()
  private isOver = false

  constructor(database: ChaosDatabase, each: CrashCase, number: number) {
    this.database = database
    this.each = each
    this.queue = `case-${number}`
    const name = `successor-${number}`
    const store = createPostgresStore({ url: `${database.url}?application_name=${name}`, poolMax: 2, transactMax: 2 })
    this.engine = createEngine({ store, notifier: store.notifier, version: name, leaseMs: LEASE_MS, beatMs: BEAT_MS })
  }

  async run(): Promise<{ isHit: boolean; isFinished: boolean }> {
    const victim = this.spawn()
    const death = new Promise<string | null>((resolve) => victim.once('exit', (_code, signal) => resolve(signal)))
    // `ready` is the first message of any process.
    const isReady = new Promise<void>((resolve) => victim.once('message', () => resolve()))
    // A run that gets its signals at once never parks.
    const signalling = (this.each.failpoint === 'park.after' ? death : Promise.resolve()).then(() => this.signalAll())
    let worker: Worker | null = null
    try {
      const ended = await Promise.race([
        Promise.all([death, this.startFromOutside(isReady, death)]).then(([signal]) => signal),
        delay(DEATH_MS_MAX, 'alive'),
      ])
      if (ended === 'alive') victim.kill('SIGKILL')
      await death
      worker = await this.engine.work({ queues: [this.queue], steps: stepRegistry() })
      return { isHit: ended === 'SIGKILL', isFinished: await this.waitForEnd() }
    } finally {
      this.isOver = true
      await signalling
      await worker?.stop()
      await this.engine.close()
    }
  }

  private spawn(): ChildProcess {
    const { failpoint, count, workflow } = this.each
    const { url, folder } = this.database
    const place = { url, outsideUrl: url, cacheDir: join(folder, 'compiled'), org: ORG, queue: this.queue }
    const settings = {
      ...place,
      name: `victim-${this.queue}`,
      role: 'worker',
      slots: 20,
      leaseMs: LEASE_MS,
      beatMs: BEAT_MS,
      withoutFence: false,
    } as const
    const victim = forkProcess(settings, 0, { ORRERY_FAILPOINT: `${failpoint}:${count}` })
    victim.on('message', (message: FromProcess) => {
      if (message.type === 'started') this.acknowledged.push(message.run)
      if (message.type !== 'ready') return
      // The process may be dead by now.
      for (let n = 0; n < OWN_STARTS; n++) victim.send({ type: 'start', n, workflow } satisfies ToProcess, () => undefined)
    })
    return victim
  }

  /**
   * Starts one run for the first claim, then the others one after another, so that each needs a claim of its own. Stops when the process is
   * dead.
   */
  private async startFromOutside(isReady: Promise<unknown>, death: Promise<unknown>): Promise<void> {
    const { workflow } = this.each
    let isDead = false
    void death.then(() => (isDead = true))
    for (let n = OWN_STARTS; n < OWN_STARTS + OTHER_STARTS_MAX && !isDead; n++) {
      const outcome = await this.engine.start({ org: ORG, queue: this.queue, workflow, input: inputOf(workflow, n) })
      if (outcome.type === 'started') this.acknowledged.push(outcome.run)
      await Promise.race([death, isReady])
      await Promise.race([death, delay(150)])
    }
  }

  private async live(): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ run: string }>('select run_id as run from engine.live where queue = $1', [this.queue])
    return rows.map(({ run }) => run)
  }

  private async waitForEnd(): Promise<boolean> {
    const until = performance.now() + END_MS_MAX
    while ((await this.live()).length > 0) {
      if (performance.now() > until) return false
      await delay(20)
    }
    return true
  }

  private async signalAll(): Promise<void> {
    if (this.each.workflow !== 'asked') return
    while (!this.isOver) {
      for (const run of await this.live()) {
        if (this.signalled.has(run)) continue
        this.signalled.add(run)
        for (const [i, payload] of SIGNALS.entries()) {
          const id = uuid7(Date.now() + i, Buffer.from(run.replaceAll('-', ''), 'hex').subarray(6))
          await this.engine.signal(ORG, run, 'go', payload, { id })
        }
      }
      await delay(20)
    }
  }
}
