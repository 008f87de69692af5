import type { ChildProcess } from 'node:child_process'
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
  /** Cases whose process did not die where it should have. */
  readonly missed: readonly string[]
  /** Cases with runs that did not end. */
  readonly unfinished: readonly string[]
  readonly findings: readonly Finding[]
}

/** Cases at once: most of a case is waiting for a lease to run out. */
const lanes = 5
/** Runs that the dying process starts itself, and runs that it has to claim. */
const startsEach = 4
const deathMs = 30_000
const endMs = 60_000
const leaseMs = 700
const beatMs = 100

/** In each case a process dies at one point; another takes over. At the end the oracle looks at everything. */
export async function runCrashPoints(log: (line: string) => void, cases = crashCases()): Promise<CrashReport> {
  const database = await startDatabase()
  openOutside(database.url)
  const missed: string[] = []
  const unfinished: string[] = []
  const acknowledged: string[] = []
  const left = cases.map((each, number) => ({ each, number }))
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { each, number } = next
      const name = `${each.failpoint}:${each.count} ${each.workflow}`
      const crash = new Crash(database, each, number)
      const outcome = await crash.run()
      acknowledged.push(...crash.acknowledged)
      if (!outcome.isHit) missed.push(name)
      if (!outcome.isFinished) unfinished.push(name)
      if (left.length % 20 === 0) log(`${cases.length - left.length} of ${cases.length} cases`)
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
    return { cases: cases.length, missed, unfinished, findings: await judge(database, acknowledged) }
  } finally {
    await closeOutside()
    await database.stop()
  }
}

/** One case, on a queue of its own. */
class Crash {
  readonly acknowledged: string[] = []
  private readonly database: ChaosDatabase
  private readonly each: CrashCase
  private readonly queue: string
  /** Starts what the process has to claim; later takes over. */
  private readonly engine: Engine
  private readonly signalled = new Set<string>()
  private isOver = false

  constructor(database: ChaosDatabase, each: CrashCase, number: number) {
    this.database = database
    this.each = each
    this.queue = `case-${number}`
    const name = `heir-${number}`
    const store = createPostgresStore({ url: `${database.url}?application_name=${name}`, poolMax: 2, transactMax: 2 })
    this.engine = createEngine({ store, notifier: store.notifier, version: name, leaseMs, beatMs })
  }

  async run(): Promise<{ isHit: boolean; isFinished: boolean }> {
    const victim = this.spawn()
    const death = new Promise<string | null>((resolve) => victim.once('exit', (_code, signal) => resolve(signal)))
    const signalling = this.signalAll()
    let worker: Worker | null = null
    try {
      const ended = await Promise.race([Promise.all([death, this.startFromOutside(death)]).then(([signal]) => signal), delay(deathMs, 'alive')])
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
    const settings = { name: `victim-${this.queue}`, role: 'worker', url: this.database.url, org: ORG, queue: this.queue, slots: 20 } as const
    const victim = forkProcess({ ...settings, leaseMs, beatMs, withoutFence: false }, { ORRERY_FAILPOINT: `${failpoint}:${count}` })
    victim.on('message', (message: FromProcess) => {
      if (message.type === 'started') this.acknowledged.push(message.run)
      if (message.type !== 'ready') return
      // It may be dead by now.
      for (let n = 0; n < startsEach; n++) victim.send({ type: 'start', n, workflow } satisfies ToProcess, () => undefined)
    })
    return victim
  }

  /** One after another, so that each is a claim of its own, until the process is dead. */
  private async startFromOutside(death: Promise<unknown>): Promise<void> {
    const { workflow } = this.each
    for (let n = startsEach; n < 2 * startsEach; n++) {
      const outcome = await this.engine.start({ org: ORG, queue: this.queue, workflow, input: inputOf(workflow, n) })
      if (outcome.type === 'started') this.acknowledged.push(outcome.run)
      await Promise.race([death, delay(150)])
    }
  }

  private async live(): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ run: string }>('select run_id as run from engine.live where queue = $1', [this.queue])
    return rows.map(({ run }) => run)
  }

  private async waitForEnd(): Promise<boolean> {
    const until = performance.now() + endMs
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
