import { setTimeout as delay } from 'node:timers/promises'
import type { Fleet, Member } from './fleet.ts'
import type { ChaosDatabase } from './postgres.ts'
import { pick, shuffle } from './random.ts'

export type FaultKind = 'kill' | 'pause' | 'kill database'

export interface FaultCounts {
  readonly kills: number
  readonly pauses: number
  readonly databaseKills: number
}

export interface Fault {
  readonly kind: FaultKind
  /** The process that was hit, or the server. */
  readonly name: string
  /** ms since the epoch. */
  readonly at: number
  /** Of a killed server: how long it did not answer. */
  readonly downMs: number | null
}

/** Pauses overlap, but some workers must keep running to notice them. */
const PAUSES_MAX = 2
const LEFT_MIN = 2
const POLL_MS = 15
const CHOOSE_MS_MAX = 60_000

/** Random order, with the kills of the server spread evenly: two in a row would only hit a recovery. */
export function planFaults(random: () => number, counts: FaultCounts): FaultKind[] {
  const others = shuffle<FaultKind>(random, [...Array(counts.kills).fill('kill'), ...Array(counts.pauses).fill('pause')])
  const every = Math.ceil(others.length / (counts.databaseKills + 1))
  return others.flatMap((kind, i): FaultKind[] => (i > 0 && i % every === 0 ? ['kill database', kind] : [kind]))
}

/** Injects faults one after another. A pause continues while the next faults come. */
export class Injector {
  readonly done: Fault[] = []
  private readonly fleet: Fleet
  private readonly database: ChaosDatabase
  private readonly random: () => number
  /** The shortest pause of a process: longer than its lease. */
  private readonly pauseMs: number
  private readonly pauses = new Set<Promise<void>>()

  constructor(fleet: Fleet, database: ChaosDatabase, random: () => number, pauseMs: number) {
    this.fleet = fleet
    this.database = database
    this.random = random
    this.pauseMs = pauseMs
  }

  async inject(kind: FaultKind): Promise<void> {
    switch (kind) {
      case 'kill': {
        const victim = await this.choose(this.random() < 0.15 ? 'starter' : 'worker')
        this.note(kind, victim.name)
        this.fleet.kill(victim)
        return
      }
      case 'pause': {
        while (this.pauses.size >= PAUSES_MAX) await Promise.race(this.pauses)
        const victim = await this.choose('worker')
        this.note(kind, victim.name)
        const resume = this.fleet.freeze(victim)
        const pause = delay(this.pauseMs * (1 + this.random())).then(resume)
        this.pauses.add(pause)
        void pause.finally(() => this.pauses.delete(pause))
        return
      }
      case 'kill database': {
        const at = Date.now()
        const downMs = await this.database.kill()
        this.done.push({ kind, name: 'PostgreSQL', at, downMs })
        return
      }
    }
  }

  async settle(): Promise<void> {
    await Promise.all(this.pauses)
  }

  private note(kind: FaultKind, name: string): void {
    this.done.push({ kind, name, at: Date.now(), downMs: null })
  }

  private async choose(role: Member['role']): Promise<Member> {
    for (const until = performance.now() + CHOOSE_MS_MAX; performance.now() < until; ) {
      const candidates = this.fleet.ready(role)
      const victim = role === 'starter' || candidates.length > LEFT_MIN ? pick(this.random, candidates) : undefined
      if (victim) return victim
      await delay(POLL_MS)
    }
    throw new Error(`no ${role} was ready for ${CHOOSE_MS_MAX / 1000} s`)
  }
}
