import type { Clock, Timer } from '../clock.ts'

export interface VirtualClock extends Clock {
  /** Runs the earliest pending callback and moves time to it. False if none is pending. */
  runNext(): boolean
  /** Runs every callback due by then, lets microtasks settle after each, and moves time to `ms`. */
  advanceTo(ms: number): Promise<void>
  advance(ms: number): Promise<void>
  /** The number of pending timers and immediates. */
  readonly pending: number
  /** When the earliest of them is due. Null if none is pending. */
  readonly nextAt: number | null
}

interface Entry extends Timer {
  readonly at: number
  readonly tie: number
  readonly id: number
  fn: (() => void) | null
}

/** 2026-01-01T00:00:00Z: a fixed start, so that ids made from the time are the same in every run. */
export const EPOCH = 1_767_225_600_000

/**
 * A clock that moves only on request. Callbacks due at the same time run in the order in which they were set, or, with `random`, in an
 * order drawn from it, because any such order can happen on real machines.
 */
export function createVirtualClock(options: { readonly startAt?: number; readonly random?: () => number } = {}): VirtualClock {
  const { random } = options
  const heap: Entry[] = []
  let now = options.startAt ?? EPOCH
  let ids = 0
  let live = 0

  const add = (fn: () => void, at: number): Entry => {
    const entry: Entry = { at, tie: random ? random() : 0, id: ids++, fn, [Symbol.dispose]: () => cancel(entry) }
    push(heap, entry)
    live++
    return entry
  }
  const cancel = (entry: Entry): void => {
    if (entry.fn === null) return
    entry.fn = null
    live--
  }
  const peek = (): Entry | undefined => {
    while (heap[0]?.fn === null) pop(heap)
    return heap[0]
  }
  const runNext = (): boolean => {
    const entry = peek()
    if (!entry?.fn) return false
    const { fn } = entry
    pop(heap)
    cancel(entry)
    now = Math.max(now, entry.at)
    fn()
    return true
  }
  const advanceTo = async (ms: number): Promise<void> => {
    await settle()
    while ((peek()?.at ?? Number.POSITIVE_INFINITY) <= ms) {
      runNext()
      await settle()
    }
    now = Math.max(now, ms)
  }
  return {
    now: () => now,
    setTimeout: (fn, ms) => add(fn, now + Math.max(0, ms)),
    clearTimeout: (timer) => timer[Symbol.dispose](),
    setImmediate: (fn) => void add(fn, now),
    runNext,
    advanceTo,
    advance: (ms) => advanceTo(now + ms),
    get pending() {
      return live
    },
    get nextAt() {
      return peek()?.at ?? null
    },
  }
}

/** Runs all pending microtasks, including those that they queue. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Moves time forward until the promise settles or no timer is pending. */
export async function runUntil<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isOver = false
  const over = promise.finally(() => {
    isOver = true
  })
  for (await settle(); !isOver && clock.runNext(); ) await settle()
  return over
}

function before(a: Entry, b: Entry): boolean {
  return a.at !== b.at ? a.at < b.at : a.tie !== b.tie ? a.tie < b.tie : a.id < b.id
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent]
    if (above === undefined || before(above, entry)) break
    heap[index] = above
    index = parent
  }
  heap[index] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = heap[2 * index + 1]
    if (left === undefined) break
    const right = heap[2 * index + 2]
    const child = right !== undefined && before(right, left) ? right : left
    if (before(last, child)) break
    heap[index] = child
    index = 2 * index + (child === left ? 1 : 2)
  }
  heap[index] = last
}
