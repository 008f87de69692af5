import type { Notifier } from '@orrery/engine'
import { type Due, findDue } from '../trigger-store.ts'
import { type FiringHost, fireDue } from './fire-due.ts'
import type { ScheduleFact } from './fire-schedules.ts'
import { sweepEnds } from './sweep-ends.ts'

export interface SchedulerOptions {
  readonly host: FiringHost
  /** Hints are heard; without them the poll alone finds what is new. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly observe?: (fact: ScheduleFact) => void
  /** Absent: the database's, measured at each look. */
  readonly now?: () => number
  /** At most so long between two looks. Default 10 s. */
  readonly pollMs?: number
  /** Between two searches for ended runs whose end nobody has handled. Default 1 minute. */
  readonly sweepMs?: number
}

/** Transactions at once: while the database works for one, the next is planned. */
const LANES = 2
const RETRY_MS = 1000
/** Others fire what is due; should they die, it is left to us after so long. */
const ELSEWHERE_MS = 50
/** The longest that Node's timers can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1

/**
 * Fires what is due, in all organizations. Any number of processes may do so: each trigger is locked by one of them at a time, and what was
 * fired is on its row with the same commit. Sleeps until the next is due; a hint says when that is earlier than it thought, and the poll finds
 * what no hint said.
 */
export class Scheduler {
  private readonly options: SchedulerOptions
  private unlisten = () => {}
  private timer: NodeJS.Timeout | null = null
  private working: Promise<void> | null = null
  private stopped = false
  /** On the database's clock. */
  private wakeAt = Number.POSITIVE_INFINITY
  /** On this process's monotonic clock. */
  private sweptAt = performance.now()
  /** What is to be added to this process's monotonic clock. */
  private offsetMs: number | null = null

  constructor(options: SchedulerOptions) {
    this.options = options
  }

  start(): void {
    this.unlisten = this.options.notifier?.listen((hint) => hint.type === 'due' && this.wakeBy(hint.at)) ?? (() => {})
    this.plan(0)
  }

  /** Waits for transactions in progress. */
  async stop(): Promise<void> {
    this.stopped = true
    this.unlisten()
    if (this.timer !== null) clearTimeout(this.timer)
    await this.working
  }

  private now = (): number => {
    if (this.options.now !== undefined) return this.options.now()
    return this.offsetMs === null ? this.options.host.engine.now() : performance.now() + this.offsetMs
  }

  private wakeBy(atMs: number): void {
    if (atMs >= this.wakeAt) return
    this.wakeAt = atMs
    if (this.working === null) this.plan(atMs - this.now())
  }

  private plan(delayMs: number): void {
    if (this.stopped || this.working !== null) return
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = setTimeout(
      () => {
        this.timer = null
        this.working = this.work().finally(() => {
          this.working = null
          this.plan(this.wakeAt - this.now())
        })
      },
      Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(delayMs))),
    )
  }

  /** Until nothing is due. */
  private async work(): Promise<void> {
    const { pollMs = 10_000, host } = this.options
    try {
      for (;;) {
        const latestAt = this.now() + pollMs
        // Hints that come from here on are about what this look may not have seen.
        this.wakeAt = latestAt
        const next = await this.look()
        const due = next.filter(({ atMs }) => atMs <= this.now())
        for (const { atMs } of next) if (atMs > this.now()) this.wakeAt = Math.min(this.wakeAt, atMs)
        if (due.length === 0) await this.sweep()
        if (due.length === 0 || this.stopped) return
        const count = await this.fire(due)
        if (count > 0) continue
        // Somebody else has locked all of it.
        this.wakeAt = Math.min(this.wakeAt, this.now() + ELSEWHERE_MS)
        return
      }
    } catch (error) {
      this.wakeAt = this.now() + RETRY_MS
      if (!this.stopped) host.log.warn({ error }, 'What is due could not be looked up or fired; it is tried again')
    }
  }

  private async look(): Promise<readonly Due[]> {
    const before = performance.now()
    const { next, nowMs } = await findDue(this.options.host.database)
    this.offsetMs = nowMs - (before + performance.now()) / 2
    return next
  }

  private async sweep(): Promise<void> {
    const { host, sweepMs = 60_000 } = this.options
    if (performance.now() - this.sweptAt < sweepMs) return
    this.sweptAt = performance.now()
    const count = await sweepEnds(host, this.now)
    if (count > 0) host.log.info({ count }, 'Ends of runs were found that nobody had handled')
  }

  /** One transaction for each; with few organizations several side by side for the same one. Gives how much was looked at. */
  private async fire(due: readonly Due[]): Promise<number> {
    const waiting = due.length >= LANES ? [...due] : due.flatMap((one) => (one.kind === 'schedule' ? Array<Due>(LANES).fill(one) : [one]))
    let done = 0
    const lane = async () => {
      for (let one = waiting.shift(); one !== undefined && !this.stopped; one = waiting.shift()) {
        const { count, facts } = await fireDue(this.options.host, one, this.now)
        done += count
        for (const fact of facts) this.options.observe?.(fact)
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: LANES }, lane))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    return done
  }
}
