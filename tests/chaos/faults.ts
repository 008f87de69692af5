import { setTimeout as delay } from 'node:timers/promises'
import type { Network } from '../support/tcp-proxy.ts'
import type { Fleet, Member, Place } from './fleet.ts'
import type { ChaosDatabase } from './postgres.ts'
import { pick, shuffle } from './random.ts'

/** Every kind of fault, with what the report calls it. `npm run chaos` has a flag for each. */
export const FAULTS = {
  kills: 'kills of a process',
  pauses: 'pauses of a process longer than its lease',
  resets: 'resets of all connections of a process',
  silences: 'silences of all connections of a process, forever',
  partitions: 'partitions of a process longer than its lease',
  delays: 'delays of each message of a process',
  dribbles: 'messages of a process in pieces, for a while',
  databaseKills: 'kills of PostgreSQL',
  databaseStops: 'stops of PostgreSQL longer than a lease',
  fullDisks: 'full disks of PostgreSQL',
} as const

export type FaultKind = keyof typeof FAULTS
export type FaultCounts = Readonly<Record<FaultKind, number>>

export interface Fault {
  readonly kind: FaultKind
  /** The process that was hit, or the server. */
  readonly name: string
  /** ms since the epoch. */
  readonly at: number
  /** Of a fault of the server: how long it lasted. */
  readonly downMs: number | null
}

type DatabaseFault = Extract<FaultKind, `database${string}` | 'fullDisks'>
type ProcessFault = Exclude<FaultKind, DatabaseFault>

/** Pauses and spoilt networks overlap, but some workers must keep running to notice them. */
const IMPAIRED_MAX = 2
const LEFT_MIN = 2
const POLL_MS = 15
const CHOOSE_MS_MAX = 60_000
/** Of the faults of a process, those that hit one that only starts runs. It has no beats, and cannot be paused: its starts would wait. */
const STARTER_SHARE = 0.15
/** The first stop of the server: long for any lease that is in use. */
const LONG_STOP_MS = 10_000
const DELAY_MS = [50, 400] as const
/** The fewest starve a process, the most only split its messages. */
const PIECE_BYTES = [20, 500] as const

const isDatabaseFault = (kind: FaultKind): kind is DatabaseFault => /^database|Disks$/.test(kind)

/** Random order, with the faults of the server spread evenly: two in a row would only hit a recovery. */
export function planFaults(random: () => number, counts: FaultCounts): FaultKind[] {
  const all = (Object.keys(FAULTS) as FaultKind[]).flatMap((kind) => Array<FaultKind>(counts[kind]).fill(kind))
  const ofDatabase = shuffle(random, all.filter(isDatabaseFault))
  const others = shuffle(
    random,
    all.filter((kind) => !isDatabaseFault(kind)),
  )
  const every = Math.max(1, Math.floor(others.length / (ofDatabase.length + 1)))
  return others.flatMap((kind, i): FaultKind[] => {
    const between = i > 0 && i % every === 0 ? ofDatabase.pop() : undefined
    return between === undefined ? [kind] : [between, kind]
  })
}

/** Injects faults one after another. A pause or a spoilt network continues while the next faults come. */
export class Injector {
  readonly done: Fault[] = []
  private readonly fleet: Fleet
  private readonly database: ChaosDatabase
  private readonly random: () => number
  /** The shortest pause: longer than a lease. */
  private readonly pauseMs: number
  private readonly impaired = new Map<Place, Promise<void>>()

  constructor(fleet: Fleet, database: ChaosDatabase, random: () => number, pauseMs: number) {
    this.fleet = fleet
    this.database = database
    this.random = random
    this.pauseMs = pauseMs
  }

  async inject(kind: FaultKind): Promise<void> {
    if (isDatabaseFault(kind)) await this.hitDatabase(kind)
    else await this.hitProcess(kind)
  }

  async settle(): Promise<void> {
    await Promise.all(this.impaired.values())
  }

  private async hitProcess(kind: ProcessFault): Promise<void> {
    while (this.impaired.size >= IMPAIRED_MAX) await Promise.race(this.impaired.values())
    const victim = await this.choose(kind !== 'pauses' && this.random() < STARTER_SHARE ? 'starter' : 'worker')
    this.done.push({ kind, name: victim.name, at: Date.now(), downMs: null })
    switch (kind) {
      case 'kills':
        return this.fleet.kill(victim)
      case 'pauses':
        return this.impair(victim, this.fleet.freeze(victim))
      case 'resets':
        return void victim.place.proxy.reset()
      case 'silences':
        return void victim.place.proxy.silence()
      case 'partitions':
        return this.spoil(victim, 'hang')
      case 'delays':
        return this.spoil(victim, { delayMs: DELAY_MS })
      case 'dribbles': {
        const [fewest, most] = PIECE_BYTES
        return this.spoil(victim, { pieceBytes: Math.round(fewest + this.random() * (most - fewest)) })
      }
    }
  }

  private async hitDatabase(kind: DatabaseFault): Promise<void> {
    const at = Date.now()
    const begun = performance.now()
    const earlier = this.done.filter((fault) => fault.kind === kind).length
    switch (kind) {
      case 'databaseKills':
        await this.database.kill()
        break
      case 'databaseStops': {
        const resume = this.database.freeze()
        await delay(earlier === 0 ? LONG_STOP_MS : this.longerThanLease())
        resume()
        break
      }
      case 'fullDisks':
        // Every second time PostgreSQL cannot even write its log, and ends.
        await this.database.fillDisk(this.longerThanLease(), earlier % 2 === 1)
        break
    }
    this.done.push({ kind, name: 'PostgreSQL', at, downMs: performance.now() - begun })
  }

  private spoil(victim: Member, network: Network): void {
    const { proxy } = victim.place
    proxy.set(network)
    this.impair(victim, () => proxy.set('pass'))
  }

  private impair(victim: Member, end: () => void): void {
    const impaired = delay(this.longerThanLease()).then(() => {
      end()
      this.impaired.delete(victim.place)
    })
    this.impaired.set(victim.place, impaired)
  }

  private longerThanLease(): number {
    return this.pauseMs * (1 + this.random())
  }

  private async choose(role: Member['role']): Promise<Member> {
    for (const until = performance.now() + CHOOSE_MS_MAX; performance.now() < until; ) {
      const candidates = this.fleet.ready(role).filter(({ place }) => !this.impaired.has(place))
      const victim = role === 'starter' || candidates.length > LEFT_MIN ? pick(this.random, candidates) : undefined
      if (victim) return victim
      await delay(POLL_MS)
    }
    throw new Error(`no ${role} was ready for ${CHOOSE_MS_MAX / 1000} s`)
  }
}
