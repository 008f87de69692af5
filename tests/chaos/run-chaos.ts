import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type FaultCounts, Injector, planFaults } from './faults.ts'
import { Fleet } from './fleet.ts'
import { createLoad, type Load } from './load.ts'
import { type Measures, measure } from './measure.ts'
import { type Finding, findViolations, judge } from './oracle.ts'
import { type ChaosDatabase, ORG, startDatabase } from './postgres.ts'
import type { FromProcess } from './process-messages.ts'
import { seeded } from './random.ts'

export interface ChaosOptions extends FaultCounts {
  readonly runs: number
  readonly seed: number
  readonly workers: number
  readonly withoutFence: boolean
  readonly timeLimitMs: number
  readonly log: (line: string) => void
}

export interface ChaosReport extends Measures {
  readonly seed: number
  readonly seconds: number
  readonly kills: number
  readonly pauses: number
  readonly databaseKills: number
  readonly runs: number
  /** Writes and claims that the store rejected because of the fence. */
  readonly refusals: number
  /** Registrations lost, by cause. */
  readonly lostRegistrations: Readonly<Record<'fenced' | 'ambiguous', number>>
  /** Runs that the engine blocked as poison after many lost workers, and that were resumed. */
  readonly resumed: number
  readonly findings: readonly Finding[]
  readonly troubles: Readonly<Record<string, number>>
}

const LEASE_MS = 900
const BEAT_MS = 250
/**
 * Just longer than a lease and the beat that notices it, and at most twice as long, so that most paused processes return when their
 * successors have only begun.
 */
const PAUSE_MS = 1200
const DRAIN_MS_MAX = 90_000
/** Without the fence some runs never end. By this time the stale writes have happened. */
const CONTROL_DRAIN_MS_MAX = 5000
const REPORT_EVERY_MS = 5000
/** The maximum number of different errors kept. */
const TROUBLES_MAX = 200
/** How many times the engine's own views are checked while the test runs. */
const CHECKS = 8

/** Sends runs through a fleet of processes, kills and pauses the processes and their database, then checks what is left. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const began = performance.now()
  const database = await startDatabase()
  try {
    return await new Chaos(options, database, began).run()
  } finally {
    await database.stop()
  }
}

class Chaos {
  private readonly options: ChaosOptions
  private readonly database: ChaosDatabase
  private readonly began: number
  private readonly random: () => number
  private readonly fleet: Fleet
  private readonly load: Load
  private readonly injector: Injector
  private readonly surprises: string[] = []
  private readonly findings: Finding[] = []
  private readonly troubles: Record<string, number> = {}
  private readonly lost = { fenced: 0, ambiguous: 0 }
  private refusals = 0

  constructor(options: ChaosOptions, database: ChaosDatabase, began: number) {
    this.options = options
    this.database = database
    this.began = began
    this.random = seeded(options.seed)
    this.fleet = new Fleet({
      settings: {
        url: database.url,
        cacheDir: join(database.folder, 'compiled'),
        org: ORG,
        queue: 'default',
        slots: 60,
        leaseMs: LEASE_MS,
        beatMs: BEAT_MS,
        withoutFence: options.withoutFence,
      },
      workers: options.workers,
      starters: 1,
      onMessage: (member, message) => {
        this.count(message)
        this.load.onMessage(member, message)
      },
      onDeath: (member) => this.load.onDeath(member),
      onSurprise: (text) => this.surprises.push(text),
    })
    this.load = createLoad(database, () => this.fleet, seeded(options.seed + 1))
    this.injector = new Injector(this.fleet, database, this.random, PAUSE_MS)
  }

  async run(): Promise<ChaosReport> {
    const { log } = this.options
    const reporting = setInterval(() => log(this.progress()), REPORT_EVERY_MS)
    try {
      await this.injectAll()
      log(`${this.progress()}; all faults done, waiting for the last runs`)
      await this.load.drain(this.options.withoutFence ? CONTROL_DRAIN_MS_MAX : DRAIN_MS_MAX)
    } finally {
      clearInterval(reporting)
      await this.fleet.close(10_000)
      await this.load.close()
    }
    return await this.report()
  }

  /** Faults and starts alternate: before each fault a share of the runs is started, so that no fault hits an idle system. */
  private async injectAll(): Promise<void> {
    const { runs, timeLimitMs } = this.options
    const plan = planFaults(this.random, this.options)
    const checkEvery = Math.ceil(plan.length / CHECKS)
    const window = Math.min(runs, 150)
    for (const [i, kind] of plan.entries()) {
      const due = Math.floor((runs * i) / plan.length)
      this.load.allow(Math.min(runs, due + window))
      while (this.load.ended < due - window && !this.isLate(timeLimitMs)) await delay(10)
      if (this.isLate(timeLimitMs)) {
        this.surprises.push(`the time limit was reached after ${i} of ${plan.length} faults`)
        break
      }
      await delay(this.random() * 60)
      await this.injector.inject(kind)
      if (i % checkEvery === checkEvery - 1) this.add(await findViolations(this.database))
    }
    this.load.allow(runs)
    await this.injector.settle()
  }

  private isLate(limitMs: number): boolean {
    return performance.now() - this.began > limitMs
  }

  private add(found: readonly { rule: string; count: number }[]): void {
    for (const { rule, count } of found) this.findings.push({ rule: `${rule}, while it ran`, count, examples: [] })
  }

  private count(message: FromProcess): void {
    if (message.type === 'refused') this.refusals++
    if (message.type === 'lost') this.lost[message.cause]++
    if (message.type === 'trouble') this.noteTrouble(message.text)
    if (message.type === 'not started') this.noteTrouble(message.why)
  }

  private noteTrouble(text: string): void {
    if (text in this.troubles || Object.keys(this.troubles).length < TROUBLES_MAX) this.troubles[text] = (this.troubles[text] ?? 0) + 1
  }

  private async report(): Promise<ChaosReport> {
    const { options, injector, load, lost, refusals, troubles } = this
    const of = (kind: string) => injector.done.filter((fault) => fault.kind === kind).length
    this.findings.push(...(await judge(this.database, load.acknowledged.keys())))
    const list = (rule: string, wrong: readonly string[]) => {
      if (wrong.length > 0) this.findings.push({ rule, count: wrong.length, examples: wrong.slice(0, 3) })
    }
    list('an unexpected end of a process or of the test', this.surprises)
    list(
      'a blocked run',
      [...load.blocked].map(([run, reason]) => `run ${run}: ${reason}`),
    )
    list(
      'a start without an answer',
      Array.from({ length: load.unanswered }, (_, i) => `${i + 1}`),
    )
    // The pauses are meant to create stale writers. If the fence never rejected one, the test proved nothing.
    const refusalsMin = Math.min(10, Math.ceil(of('pause') / 4))
    if (!options.withoutFence && refusals < refusalsMin) list('too few refusals by the fence', [`${refusals} of at least ${refusalsMin}`])
    return {
      seed: options.seed,
      seconds: Math.round((performance.now() - this.began) / 1000),
      kills: of('kill'),
      pauses: of('pause'),
      databaseKills: of('kill database'),
      runs: load.acknowledged.size,
      refusals,
      resumed: load.resumed,
      lostRegistrations: lost,
      ...(await measure(this.database.pool, injector.done)),
      findings: this.findings,
      troubles,
    }
  }

  private progress(): string {
    const { done } = this.injector
    const of = (kind: string) => done.filter((fault) => fault.kind === kind).length
    const seconds = Math.round((performance.now() - this.began) / 1000)
    const faults = `${of('kill')} kills, ${of('pause')} pauses, ${of('kill database')} of PostgreSQL`
    return `${seconds} s: ${this.load.acknowledged.size} runs started, ${this.load.ended} ended; ${faults}; ${this.refusals} refusals`
  }
}
