import type { RunAnswer } from '../../api.ts'
import type { Clock } from '../../clock.ts'
import type { OrgId, RunId, Store } from '../../store/store.ts'

type ResultWaiter = (answer: RunAnswer | null) => void

/** The store is polled at this interval while a caller waits, in case a hint was lost. */
const POLL_MS = 1000

/** The callers in this process that wait for the end of a run. */
export class Results {
  private readonly store: Store
  private readonly clock: Clock
  private readonly waiting = new Map<RunId, Set<ResultWaiter>>()
  private readonly lookers = new WeakMap<ResultWaiter, () => void>()
  private stopped = false

  constructor(store: Store, clock: Clock) {
    this.store = store
    this.clock = clock
  }

  /** A run ended in this process. */
  resolve(run: RunId, answer: RunAnswer): void {
    const waiters = this.waiting.get(run)
    if (!waiters) return
    this.waiting.delete(run)
    for (const waiter of waiters) waiter(answer)
  }

  /** `local`: this process holds the run, so the store need not be asked first. */
  wait(org: OrgId, run: RunId, timeoutMs: number, local: boolean): Promise<RunAnswer | null> {
    return new Promise((resolve, reject) => {
      const waiters = this.waiting.get(run) ?? new Set<ResultWaiter>()
      this.waiting.set(run, waiters)
      const until = this.stopped ? 0 : this.clock.now() + timeoutMs
      let timer = this.clock.setTimeout(() => {}, 0)
      const leave = (): void => {
        this.clock.clearTimeout(timer)
        waiters.delete(finish)
        if (waiters.size === 0 && this.waiting.get(run) === waiters) this.waiting.delete(run)
      }
      const finish: ResultWaiter = (answer) => {
        leave()
        resolve(answer)
      }
      waiters.add(finish)
      const look = (): void => {
        this.store.result(org, run).then(
          (found) => {
            if (found) finish(found)
            else arm()
          },
          (error: unknown) => {
            leave()
            reject(error)
          },
        )
      }
      const arm = (): void => {
        if (!waiters.has(finish)) return
        const left = until - this.clock.now()
        if (left <= 0) return finish(null)
        this.clock.clearTimeout(timer)
        timer = this.clock.setTimeout(look, Math.min(POLL_MS, left))
      }
      this.lookers.set(finish, look)
      if (local) arm()
      else look()
    })
  }

  /** Answers every caller, waiting now or later, that the run has not ended yet. */
  stop(): void {
    this.stopped = true
    for (const waiters of [...this.waiting.values()]) for (const waiter of [...waiters]) waiter(null)
  }

  /** A hint says that `run` has ended in some process. */
  hint(run: RunId): void {
    for (const waiter of this.waiting.get(run) ?? []) this.lookers.get(waiter)?.()
  }
}
