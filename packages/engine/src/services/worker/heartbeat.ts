import type { Timer } from '../../clock.ts'
import { Ambiguous, Fenced } from '../../store/store-errors.ts'
import { failpoint } from '../failpoints.ts'
import { onlyWaits } from '../run/park.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import type { Claimer } from './claimer.ts'
import { readInbox } from './read-inbox.ts'

/** The lease is at least this many times the longest of the last gaps between beats, and at most this many times the configured lease. */
const GAPS_IN_LEASE = 2.5
const GAPS_KEPT = 5
const LEASE_GROWTH_MAX = 6

export interface HeartbeatOptions {
  readonly beatMs: number
  readonly leaseMs: number
  /** Called before each beat. What it returns is called with the database's time. */
  readonly readTime: () => (now: number) => void
}

/** One query per beat: renews this worker's lease, fences workers that are silent, and finds work whose hints were lost. */
export class Heartbeat {
  private readonly scope: WorkerScope
  private readonly claimer: Claimer
  private readonly options: HeartbeatOptions
  private timer: Timer | null = null
  private stopped = false
  /** The times between the last beats, newest first. */
  private gaps: readonly number[] = []
  private beatAt: number | null = null

  constructor(scope: WorkerScope, claimer: Claimer, options: HeartbeatOptions) {
    this.scope = scope
    this.claimer = claimer
    this.options = options
  }

  start(): void {
    this.timer = this.scope.clock.setTimeout(() => void this.beat(), this.options.beatMs * (0.9 + 0.2 * this.scope.random()))
  }

  stop(): void {
    this.stopped = true
    if (this.timer) this.scope.clock.clearTimeout(this.timer)
  }

  /** A worker whose beats come late, because it or the database is slow, asks for a longer lease before it is taken for dead. */
  private lease(): number {
    const { leaseMs } = this.options
    return Math.min(Math.max(leaseMs, GAPS_IN_LEASE * Math.max(0, ...this.gaps)), LEASE_GROWTH_MAX * leaseMs)
  }

  private noteGap(): void {
    const now = this.scope.clock.now()
    if (this.beatAt !== null) this.gaps = [now - this.beatAt, ...this.gaps].slice(0, GAPS_KEPT)
    this.beatAt = now
  }

  private async expire(): Promise<void> {
    const queues = await this.scope.store.expire()
    if (queues.some((queue) => this.scope.queues.includes(queue))) this.claimer.ready()
  }

  private async beat(): Promise<void> {
    const worker = this.scope.worker()
    failpoint('beat.before')
    try {
      if (worker === '') return
      const idle = [...this.scope.active.values()].filter(onlyWaits).map(({ id }) => id)
      const onTime = this.options.readTime()
      const beat = await this.scope.store.beat(worker, { leaseMs: this.lease(), queues: this.scope.queues, idle })
      this.noteGap()
      if (worker !== this.scope.worker() || this.stopped) return
      onTime(beat.now)
      if (!beat.alive) this.scope.flusher.abandon(new Fenced('the worker was silent for too long'))
      if (beat.reaped > 0) this.scope.observe({ type: 'reaped', runs: beat.reaped })
      for (const id of beat.poked) {
        const run = this.scope.active.get(id)
        if (run) readInbox(this.scope, run)
      }
      if (beat.nextAt !== null) this.claimer.dueAt(beat.nextAt)
      if (beat.ready) this.claimer.ready()
      if (beat.overdue) await this.expire()
    } catch (error) {
      // One missed beat does no harm. If the database is gone, the next flush or claim fails too.
      this.scope.observe({ type: 'trouble', where: 'beat', error: error instanceof Error ? error : new Ambiguous(String(error)) })
    } finally {
      if (!this.stopped) this.start()
    }
  }
}
