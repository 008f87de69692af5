import type { Notifier } from '@orrery/engine'
import type { Kernel } from '../context/kernel.ts'
import { createLoop } from '../loop.ts'
import type { DueKind, DueWork } from './due-kind.ts'
import { findNextDue, type NextDue } from './due-store.ts'

export interface DueClockOptions {
  readonly kernel: Pick<Kernel, 'database' | 'engine' | 'log'>
  readonly kinds: readonly DueKind[]
  /** Source of hints. Null: only the poll finds new rows. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  /** Called with the lateness of each row. */
  readonly observe?: (kind: string, latenessMs: number) => void
  /** Absent: that of the engine. */
  readonly now?: () => number
  /** The longest time between two queries. Default 10 s. */
  readonly pollMs?: number
}

export interface DueClock {
  start(): void
  /** Waits for transactions in progress. */
  stop(): Promise<void>
}

/** Concurrent transactions. While the database works for one of them, this process plans the next. */
const TRANSACTIONS_MAX = 2
const RETRY_MS = 1000
const FAILED = 'Due work failed and will be retried'
/** Poll interval while all due rows are locked, or no room is left. */
const LOCKED_RETRY_MS = 50

/**
 * Does the due work of all kinds in all organizations. Any number of processes may run it: each row is locked by one process at a time, and
 * the row's new state commits together with the work. The clock sleeps until the next row is due. A hint wakes it when a row becomes due
 * earlier, and the poll finds rows whose hint was lost.
 */
export function createDueClock({ kernel, kinds, notifier, observe, now, pollMs = 10_000 }: DueClockOptions): DueClock {
  const { database, engine, log } = kernel
  const clock = { now: now ?? (() => engine.now()) }

  /** When work that failed is tried again. The other work does not wait for it. */
  const putOff = new Map<string, number>()
  const takenAt = (next: NextDue): number => Math.max(next.atMs, putOff.get(keyOf(next)) ?? 0)

  /** Works until nothing is due. Returns the milliseconds until the next round. */
  const round = async (signal: AbortSignal): Promise<number> => {
    for (;;) {
      const latestAt = clock.now() + pollMs
      const next = await findNextDue(database, kinds)
      // Each row is either due or waited for.
      const nowMs = clock.now()
      for (const [key, until] of putOff) if (until <= nowMs) putOff.delete(key)
      const due = next.filter((one) => takenAt(one) <= nowMs)
      const wakeAt = next.reduce((first, one) => (takenAt(one) > nowMs ? Math.min(first, takenAt(one)) : first), latestAt)
      if (due.length === 0 || signal.aborted) return wakeAt - clock.now()
      const { done, failures } = await perform(due, { clock, observe }, signal)
      for (const { one } of failures) putOff.set(keyOf(one), clock.now() + RETRY_MS)
      const [first] = failures
      if (first !== undefined && !signal.aborted) log.warn({ error: first.error, failures: failures.length }, FAILED)
      if (done === 0 && failures.length === 0) return Math.min(wakeAt - clock.now(), LOCKED_RETRY_MS)
    }
  }

  const loop = createLoop({
    round,
    onError(error) {
      log.warn({ error }, FAILED)
      return RETRY_MS
    },
  })
  let unlisten = () => {}
  return {
    start() {
      unlisten = notifier?.listen((hint) => hint.type === 'due' && loop.wake(hint.at - clock.now())) ?? (() => {})
      loop.wake()
    },
    stop() {
      unlisten()
      return loop.stop()
    },
  }
}

const keyOf = ({ kind, org }: NextDue): string => `${kind.name} ${org}`

interface Failed {
  readonly one: NextDue
  readonly error: unknown
}

/**
 * Runs one transaction for each item. If there are few items, one may get several concurrent transactions. Work that fails does not keep the work
 * behind it waiting. Returns how many rows were handled, and what failed.
 */
async function perform(
  due: readonly NextDue[],
  { clock, observe }: { readonly clock: DueWork['clock']; readonly observe: DueClockOptions['observe'] | undefined },
  signal: AbortSignal,
): Promise<{ readonly done: number; readonly failures: readonly Failed[] }> {
  const repeat = (one: NextDue) => (one.kind.isParallel ? Array<NextDue>(TRANSACTIONS_MAX).fill(one) : [one])
  const waiting = due.length >= TRANSACTIONS_MAX ? [...due] : due.flatMap(repeat)
  const failures: Failed[] = []
  let done = 0
  const takeFromWaiting = async () => {
    for (let one = waiting.shift(); one !== undefined && !signal.aborted; one = waiting.shift()) {
      const { kind, org } = one
      try {
        const { count, latenessMs } = await kind.run({ org, clock })
        done += count
        for (const ms of latenessMs) observe?.(kind.name, ms)
      } catch (error) {
        failures.push({ one, error })
      }
    }
  }
  await Promise.all(Array.from({ length: TRANSACTIONS_MAX }, takeFromWaiting))
  return { done, failures }
}
