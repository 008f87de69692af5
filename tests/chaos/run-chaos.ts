import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../support/small-disk.ts'
import { FAULTS, type FaultCounts, type FaultKind, Injector, planFaults } from './faults.ts'
import { Fleet } from './fleet.ts'
import { createLoad, type Load } from './load.ts'
import { type Measures, measure } from './measure.ts'
import { type Finding, findViolations, judge } from './oracle.ts'
import { type ChaosDatabase, ORG, startDatabase } from './postgres.ts'
import type { FromProcess } from './process-messages.ts'
import { seeded } from './random.ts'

export interface ChaosOptions {
  readonly faults: FaultCounts
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
  readonly faults: FaultCounts
  /** Why a kind of fault could not be tried on this machine. */
  readonly notTried: readonly string[]
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
/** More than any size of the test needs. Only what is used takes memory. */
const DISK_BYTES_MAX = 8 * 1024 ** 3
/** Two of the workers: their wall clocks are hours wrong. */
const CLOCKS_MS = [2 * 3_600_000, -2 * 3_600_000]
const REPORT_EVERY_MS = 5000
/** The maximum number of different errors kept. */
const TROUBLES_MAX = 200
/** How many times the engine's own views are checked while the test runs. */
const CHECKS = 8

/** Sends runs through a fleet of processes, spoils the processes, their networks and their database, then checks what is left. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const began = performance.now()
  const noDisk = options.faults.fullDisks === 0 ? null : whyNoSmallDisk()
  const notTried = noDisk === null ? [] : [`${FAULTS.fullDisks}: ${noDisk}`]
  for (const text of notTried) options.log(`NOT TRIED: ${text}`)
  const faults = { ...options.faults, ...(noDisk === null ? {} : { fullDisks: 0 }) }
  const disk = faults.fullDisks === 0 ? undefined : mountSmallDisk(DISK_BYTES_MAX)
  try {
    return await withDatabase(disk, async (database) => {
      const chaos = new Chaos({ ...options, faults }, database, began)
      return { ...(await chaos.run()), notTried }
    })
  } finally {
    disk?.unmount()
  }
}

async function withDatabase<T>(disk: SmallDisk | undefined, work: (database: ChaosDatabase) => Promise<T>): Promise<T> {
  const database = await startDatabase(disk)
  try {
    return await work(database)
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
      url: database.url,
      settings: {
        outsideUrl: database.url,
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
      clocksMs: CLOCKS_MS,
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

  async run(): Promise<Omit<ChaosReport, 'notTried'>> {
    const { log } = this.options
    await this.fleet.open()
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
    const plan = planFaults(this.random, this.options.faults)
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

  private async report(): Promise<Omit<ChaosReport, 'notTried'>> {
    const { options, injector, load, lost, refusals, troubles } = this
    const done = countDone(injector)
    const killed = injector.done.filter(({ kind }) => kind === 'kills').map(({ name }) => name)
    this.findings.push(...(await judge(this.database, load.acknowledged.keys(), killed)))
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
    const refusalsMin = Math.min(10, Math.ceil(done.pauses / 4))
    if (!options.withoutFence && refusals < refusalsMin) list('too few refusals by the fence', [`${refusals} of at least ${refusalsMin}`])
    return {
      seed: options.seed,
      seconds: Math.round((performance.now() - this.began) / 1000),
      faults: done,
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
    const seconds = Math.round((performance.now() - this.began) / 1000)
    const faults = Object.entries(countDone(this.injector))
      .filter(([, n]) => n > 0)
      .map(([kind, n]) => `${n} ${kind}`)
    const { acknowledged, ended } = this.load
    return `${seconds} s: ${acknowledged.size} runs started, ${ended} ended; ${faults.join(', ')}; ${this.refusals} refusals`
  }
}

const countDone = ({ done }: Injector): FaultCounts =>
  Object.fromEntries(Object.keys(FAULTS).map((kind) => [kind, done.filter((fault) => fault.kind === kind).length])) as Record<
    FaultKind,
    number
  >
