import type { Timer } from '../../clock.ts'
import type { OrgId } from '../../store/store.ts'
import { Ambiguous, Fenced } from '../../store/store-errors.ts'
import { failpoint } from '../failpoints.ts'
import { parkIdle } from '../run/park.ts'
import { room, type WorkerScope } from '../run/worker-scope.ts'
import { takeRun } from './take-run.ts'

const CLAIM_MAX = 256
const TIMER_MAX_MS = 60_000

/**
 * Claims ready and due runs while there is room. It asks the store only when it has reason to expect some; the next heartbeat reports any
 * that it misses.
 */
export class Claimer {
  private readonly scope: WorkerScope
  private readonly orgs: readonly OrgId[] | null
  private readonly readied: (queue: string) => void
  private backlog = false
  private busy = false
  private timer: Timer | null = null
  private timerAt = Number.POSITIVE_INFINITY

  /** `readied`: called with a queue in which a claim made runs ready and left them to others. */
  constructor(scope: WorkerScope, orgs: readonly OrgId[] | null, readied: (queue: string) => void) {
    this.scope = scope
    this.orgs = orgs
    this.readied = readied
  }

  /** A run became ready. */
  ready(): void {
    this.backlog = true
    this.pump()
  }

  /** A slot became free. */
  freed(): void {
    if (this.backlog) this.pump()
  }

  /** A run becomes due at `at`. */
  dueAt(at: number): void {
    if (at >= this.timerAt) return
    if (this.timer) this.scope.clock.clearTimeout(this.timer)
    this.timerAt = at
    const wait = Math.min(Math.max(0, at - this.scope.clock.now()), TIMER_MAX_MS)
    this.timer = this.scope.clock.setTimeout(() => {
      this.timer = null
      this.timerAt = Number.POSITIVE_INFINITY
      this.ready()
    }, wait)
  }

  stop(): void {
    if (this.timer) this.scope.clock.clearTimeout(this.timer)
    this.timer = null
  }

  private pump(): void {
    if (this.busy || this.scope.stopping || this.scope.worker() === '') return
    const limit = Math.min(room(this.scope), CLAIM_MAX)
    if (limit <= 0) {
      parkIdle(this.scope)
      return
    }
    this.busy = true
    this.backlog = false
    const worker = this.scope.worker()
    const started = this.scope.clock.now()
    this.scope.store.claim({ worker, queues: this.scope.queues, orgs: this.orgs, limit }).then(
      ({ runs, readied }) => {
        failpoint('claim.after')
        this.busy = false
        // Other workers may have looked while this claim held those runs.
        for (const queue of readied) this.readied(queue)
        if (runs.length === limit) this.backlog = true
        if (worker !== this.scope.worker()) return
        this.scope.observe({ type: 'claimed', runs: runs.length, tookMs: this.scope.clock.now() - started })
        for (const run of runs) this.take(run)
        if (this.backlog) this.pump()
      },
      (error: unknown) => {
        this.busy = false
        this.backlog = true
        if (worker !== this.scope.worker()) return
        // The claim may have succeeded although no answer arrived. Only a new registration releases those runs.
        const cause = error instanceof Fenced ? error : new Ambiguous('a claim got no answer', { cause: error })
        this.scope.flusher.abandon(cause)
      },
    )
  }

  private take(row: Parameters<typeof takeRun>[1]): void {
    const worker = this.scope.worker()
    if (this.scope.active.has(row.run)) {
      // The run's park has committed, but its answer has not arrived here yet.
      this.scope.clock.setTimeout(() => worker === this.scope.worker() && this.take(row), 1)
      return
    }
    takeRun(this.scope, row).catch((error: unknown) => {
      if (worker !== this.scope.worker()) return
      this.scope.flusher.abandon(error instanceof Fenced ? error : new Ambiguous('a claimed run could not be loaded', { cause: error }))
    })
  }
}
