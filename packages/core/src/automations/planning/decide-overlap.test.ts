/** Overlap policies: single decisions as tables, and random sequences of arrivals against a model with one rule per policy. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideOverlap, type PendingStart, type RunOverlap } from './decide-overlap.ts'
import { numRuns, seed } from './planning.fixture.ts'

interface Start extends PendingStart {
  readonly id: number
}

const start = (id: number, overlap?: RunOverlap): Start => (overlap === undefined ? { id } : { id, overlap })
const ids = (starts: readonly Start[]): number[] => starts.map(({ id }) => id)

function decide(policy: RunOverlap, isRunning: boolean, pending: readonly Start[], bufferedMax?: number) {
  const { starts, buffered, skipped, stop } = decideOverlap(policy, isRunning, pending, bufferedMax)
  return { starts: ids(starts), buffered: ids(buffered), skipped: skipped.map((one) => `${one.start.id} ${one.reason}`), stop }
}

describe('one decision', () => {
  test.each(['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all'] as const)(
    '%s: starts if no run is in progress',
    (policy) => {
      expect(decide(policy, false, [start(1)])).toEqual({ starts: [1], buffered: [], skipped: [], stop: 'none' })
    },
  )

  test.each([
    ['skip', { starts: [], buffered: [], skipped: ['1 overlap', '2 overlap'], stop: 'none' }],
    ['buffer_one', { starts: [], buffered: [1], skipped: ['2 overlap'], stop: 'none' }],
    ['buffer_all', { starts: [], buffered: [1, 2], skipped: [], stop: 'none' }],
    ['cancel_other', { starts: [], buffered: [2], skipped: ['1 superseded'], stop: 'cancel' }],
    ['terminate_other', { starts: [], buffered: [2], skipped: ['1 superseded'], stop: 'terminate' }],
    ['allow_all', { starts: [1, 2], buffered: [], skipped: [], stop: 'none' }],
  ] as const)('%s: decides about two new starts while a run is in progress', (policy, expected) => {
    expect(decide(policy, true, [start(1), start(2)])).toEqual(expected)
  })

  test.each([
    ['skip', { starts: [1], buffered: [], skipped: ['2 overlap', '3 overlap'], stop: 'none' }],
    ['buffer_one', { starts: [1], buffered: [2], skipped: ['3 overlap'], stop: 'none' }],
    ['buffer_all', { starts: [1], buffered: [2, 3], skipped: [], stop: 'none' }],
    ['cancel_other', { starts: [3], buffered: [], skipped: ['1 superseded', '2 superseded'], stop: 'none' }],
    ['allow_all', { starts: [1, 2, 3], buffered: [], skipped: [], stop: 'none' }],
  ] as const)('%s: decides about three new starts at once while no run is in progress', (policy, expected) => {
    expect(decide(policy, false, [start(1), start(2), start(3)])).toEqual(expected)
  })

  test('uses the policy of the start if it has one, and else the current policy of the automation', () => {
    expect(decide('skip', true, [start(1, 'buffer_all'), start(2)])).toMatchObject({ buffered: [1], skipped: ['2 overlap'] })
    expect(decide('allow_all', true, [start(1), start(2)]).starts).toEqual([1, 2])
  })

  test('prefers terminating over cancelling, and starts nothing in parallel to a run that is being stopped', () => {
    const pending = [start(1, 'cancel_other'), start(2, 'terminate_other'), start(3, 'cancel_other'), start(4, 'allow_all')]
    expect(decide('skip', true, pending)).toEqual({
      starts: [],
      buffered: [3],
      skipped: ['1 superseded', '2 superseded', '4 superseded'],
      stop: 'terminate',
    })
  })

  test('skips starts that exceed the size of the buffer', () => {
    expect(decide('buffer_all', true, [start(1), start(2), start(3)], 2)).toMatchObject({ buffered: [1, 2], skipped: ['3 buffer_full'] })
  })
})

/** The arrival of a start, and how long its run takes if it is not stopped. */
interface Arrival {
  readonly atMs: number
  readonly takesMs: number
}

/** How long a run takes to end after it was stopped. */
const stopLagMs: Partial<Record<RunOverlap, number>> = { cancel_other: 5, terminate_other: 0 }

/** Simulates arrivals with `decideOverlap`. Returns when each started; absent: never. */
function simulate(policy: RunOverlap, arrivals: readonly Arrival[]): Map<number, number> {
  const startedAt = new Map<number, number>()
  const endsAt = new Map<number, number>()
  let buffer: readonly Start[] = []
  const apply = (nowMs: number, arriving: readonly Start[]): void => {
    const decision = decideOverlap(policy, endsAt.size > 0, [...buffer, ...arriving])
    buffer = decision.buffered
    if (decision.stop !== 'none') for (const [id, endMs] of endsAt) endsAt.set(id, Math.min(endMs, nowMs + (stopLagMs[policy] ?? 0)))
    for (const { id } of decision.starts) {
      startedAt.set(id, nowMs)
      endsAt.set(id, nowMs + (arrivals[id]?.takesMs ?? 0))
    }
  }
  const endUntil = (untilMs: number): void => {
    for (;;) {
      const [id, endMs] = [...endsAt].sort((a, b) => a[1] - b[1])[0] ?? [0, Number.POSITIVE_INFINITY]
      if (endMs > untilMs) return
      endsAt.delete(id)
      apply(endMs, [])
    }
  }
  arrivals.forEach(({ atMs }, id) => {
    endUntil(atMs)
    apply(atMs, [start(id)])
  })
  endUntil(Number.MAX_SAFE_INTEGER)
  return startedAt
}

/** Computes the same directly from the definition of each policy. */
function model(policy: RunOverlap, arrivals: readonly Arrival[]): Map<number, number> {
  const startedAt = new Map<number, number>()
  if (policy === 'allow_all') return new Map(arrivals.map(({ atMs }, id) => [id, atMs]))
  if (policy === 'cancel_other' || policy === 'terminate_other') return modelReplacing(arrivals, stopLagMs[policy] ?? 0)
  let freeAtMs = 0
  let lastStartMs = -1
  arrivals.forEach(({ atMs, takesMs }, id) => {
    const isFree = freeAtMs <= atMs
    if (policy === 'skip' && !isFree) return
    // A start waits already: its time lies ahead.
    if (policy === 'buffer_one' && lastStartMs > atMs) return
    lastStartMs = Math.max(atMs, freeAtMs)
    startedAt.set(id, lastStartMs)
    freeAtMs = lastStartMs + takesMs
  })
  return startedAt
}

/** A run ends on its own, or `lagMs` after the first arrival during it. The last arrival before its end runs next. */
function modelReplacing(arrivals: readonly Arrival[], lagMs: number): Map<number, number> {
  const startedAt = new Map<number, number>()
  let id = 0
  let nowMs = arrivals[0]?.atMs ?? 0
  while (id < arrivals.length) {
    startedAt.set(id, nowMs)
    const ownEndMs = nowMs + (arrivals[id]?.takesMs ?? 0)
    const nextAtMs = arrivals[id + 1]?.atMs ?? Number.POSITIVE_INFINITY
    const endMs = nextAtMs < ownEndMs ? Math.min(ownEndMs, nextAtMs + lagMs) : ownEndMs
    const found = arrivals.findLastIndex(({ atMs }) => atMs < endMs)
    if (nextAtMs < ownEndMs) {
      id = Math.max(id + 1, found)
      nowMs = endMs
    } else {
      id += 1
      nowMs = nextAtMs
    }
  }
  return startedAt
}

describe(`against a model of runs (seed ${seed})`, () => {
  // Arrivals have distinct instants: the order of two at the same instant does not depend on the policy.
  const arrivals = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 20 })
    .map((list) => {
      let atMs = 0
      return list.map(([gap, takesMs]): Arrival => {
        atMs += gap
        return { atMs, takesMs }
      })
    })

  test.each(['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all'] as const)(
    '%s: starts the same runs at the same times as the model',
    (policy) => {
      const property = fc.property(arrivals, (list) => {
        expect(Object.fromEntries(simulate(policy, list))).toEqual(Object.fromEntries(model(policy, list)))
      })
      fc.assert(property, { seed, numRuns })
    },
  )

  test('starts, buffers or skips each start of any mixture, and starts one at a time unless allow_all applies', () => {
    const overlaps = fc.constantFrom<RunOverlap>('skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all')
    const pendings = fc.array(fc.option(overlaps, { nil: undefined }), { maxLength: 12 })
    const property = fc.property(overlaps, fc.boolean(), pendings, (policy, isRunning, list) => {
      const pending = list.map((overlap, id) => start(id, overlap))
      const { starts, buffered, skipped, stop } = decideOverlap(policy, isRunning, pending)
      const all = [...ids(starts), ...ids(buffered), ...skipped.map((one) => one.start.id)]
      expect(all.sort((a, b) => a - b)).toEqual(pending.map(({ id }) => id))
      const alone = starts.filter(({ overlap }) => (overlap ?? policy) !== 'allow_all')
      expect(alone.length).toBeLessThanOrEqual(isRunning ? 0 : 1)
      if (!isRunning) expect(stop).toBe('none')
      // A second decision while the run is still in progress keeps the buffer and still stops the run.
      const again = decideOverlap(policy, isRunning, buffered)
      if (isRunning) expect([again.buffered, again.stop === 'none']).toEqual([buffered, stop === 'none'])
    })
    fc.assert(property, { seed, numRuns })
  })
})
