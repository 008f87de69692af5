import { problem } from '@orrery/contract'
import type { Computed, ComputeRequest } from './compute-process.ts'

export interface Pending extends ComputeRequest {
  resolve(computed: Computed<unknown>): void
  reject(error: unknown): void
}

/** Computations that take a millisecond each may come in hundreds. */
const WAITING_MAX = 1_000
/** Of an organization whose computations are slow, no more than these may hold a connection of the database while they wait. */
const HOLDING_MAX = 2
const WAIT_MS_MAX = 10_000
/** How long an organization counts as slow after a slow computation. */
const SLOW_FOR_MS = 30_000
const RETRY_AFTER_MS = 1_000

/** The computations of one organization. One runs, the others wait. */
export class OrgQueue {
  readonly waiting: (Pending & { readonly since: number })[] = []
  isRunning = false
  private slowUntil = 0

  isSlow(): boolean {
    return performance.now() < this.slowUntil
  }

  /** Nothing of it would be missed. */
  isIdle(): boolean {
    return !this.isRunning && this.waiting.length === 0 && !this.isSlow()
  }

  add(pending: Pending): void {
    if (this.waiting.length >= WAITING_MAX) return pending.reject(refuse())
    this.waiting.push({ ...pending, since: performance.now() })
    if (this.isSlow()) this.limitHolding()
  }

  /** The next computation that has not waited for too long. */
  take(): Pending | undefined {
    for (let pending = this.waiting.shift(); pending !== undefined; pending = this.waiting.shift()) {
      if (performance.now() - pending.since <= WAIT_MS_MAX) {
        this.isRunning = true
        return pending
      }
      pending.reject(refuse())
    }
    return undefined
  }

  markSlow(): void {
    this.slowUntil = performance.now() + SLOW_FOR_MS
    this.limitHolding()
  }

  private limitHolding(): void {
    const tooMany = this.waiting.filter(({ holdsTransaction }) => holdsTransaction).slice(HOLDING_MAX)
    for (const pending of tooMany) {
      this.waiting.splice(this.waiting.indexOf(pending), 1)
      pending.reject(refuse())
    }
  }
}

const refuse = () =>
  problem(
    'rate_limited',
    'Too many checks of schemas, schedules, pipelines and documents of this organization wait already. Try again later.',
    {
      retryAfterMs: RETRY_AFTER_MS,
    },
  )
