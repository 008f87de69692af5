import type { Notifier } from '@orrery/engine'
import type { Kernel } from '../context/kernel.ts'
import { createLoop } from '../loop.ts'
import type { DueKind } from './due-kind.ts'
import { type Due, findDue } from './due-store.ts'

export interface DueClockOptions {
  readonly kernel: Pick<Kernel, 'database' | 'engine' | 'log'>
  readonly kinds: readonly DueKind[]
  /** Hints are heard; without them the poll alone finds what is new. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  /** Hears how late each row was when it was done. */
  readonly observe?: (kind: string, latenessMs: number) => void
  /** Absent: the database's clock, measured at each look. */
  readonly now?: () => number
  /** At most this long between two looks. Default 10 s. */
  readonly pollMs?: number
}

export interface DueClock {
  start(): void
  /** Waits for transactions in progress. */
  stop(): Promise<void>
}

/** Transactions at once: while the database works for one, the next is planned. */
const LANES = 2
const RETRY_MS = 1000
/** Another process does what is due; if it dies, the rows are looked at again after this. */
const ELSEWHERE_MS = 50

/**
 * Does what is due, of all kinds, in all organizations. Any number of processes may do so: each row is locked by one of them at a time, and what was
 * done is on the row with the same commit. It sleeps until the next row is due; a hint says when that is earlier than it knew, and the poll finds
 * what no hint said.
 */
export function createDueClock({ kernel, kinds, notifier, observe, now, pollMs = 10_000 }: DueClockOptions): DueClock {
  const { database, engine, log } = kernel
  /** What is to be added to this process's monotonic clock. */
  let offsetMs: number | null = null
  const clock = { now: now ?? (() => (offsetMs === null ? engine.now() : performance.now() + offsetMs)) }

  const look = async (): Promise<readonly Due[]> => {
    const before = performance.now()
    const { next, nowMs } = await findDue(database, kinds)
    offsetMs = nowMs - (before + performance.now()) / 2
    return next
  }

  /** Until nothing is due. */
  const round = async (signal: AbortSignal): Promise<number> => {
    for (;;) {
      const latestAt = clock.now() + pollMs
      const next = await look()
      const due = next.filter(({ atMs }) => atMs <= clock.now())
      const wakeAt = next.reduce((first, { atMs }) => (atMs > clock.now() ? Math.min(first, atMs) : first), latestAt)
      if (due.length === 0 || signal.aborted) return wakeAt - clock.now()
      if ((await perform(due, signal)) === 0) return Math.min(wakeAt - clock.now(), ELSEWHERE_MS)
    }
  }

  /** One transaction for each; with few organizations several side by side for the same one. Returns how many rows were looked at. */
  const perform = async (due: readonly Due[], signal: AbortSignal): Promise<number> => {
    const waiting = due.length >= LANES ? [...due] : due.flatMap((one) => (one.kind.isParallel ? Array<Due>(LANES).fill(one) : [one]))
    let done = 0
    const lane = async () => {
      for (let one = waiting.shift(); one !== undefined && !signal.aborted; one = waiting.shift()) {
        const { kind, org } = one
        const { count, latenessMs } = await kind.run({ org, clock })
        done += count
        for (const ms of latenessMs) observe?.(kind.name, ms)
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: LANES }, lane))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    return done
  }

  const loop = createLoop({
    round,
    onError(error) {
      log.warn({ error }, 'Due work could not be looked up or done; it is tried again')
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
