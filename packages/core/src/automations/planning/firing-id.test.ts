import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FiringCause, firingId } from './firing-id.ts'
import { numRuns, seed, startMs } from './planning.fixture.ts'

const scheduled: FiringCause = { kind: 'schedule', nominalMs: startMs }

test('returns the same id in every version of the code, since stored runs depend on it', () => {
  expect(firingId('automation', 'trigger', scheduled)).toMatchInlineSnapshot(`"019cc071-a800-79ef-b51a-781b6baa7f40"`)
})

test('begins with the time, so that lists of runs stay in order', () => {
  const later = firingId('automation', 'trigger', { kind: 'schedule', nominalMs: startMs + 1 })
  expect(later > firingId('automation', 'trigger', scheduled)).toBe(true)
  expect(Number.parseInt(later.slice(0, 13).replace('-', ''), 16)).toBe(startMs + 1)
})

test('begins with the time of the request for a backfill', () => {
  const id = firingId('automation', 'trigger', { kind: 'backfill', requestId: 'b', requestedAtMs: startMs, nominalMs: 0 })
  expect(id.slice(0, 13)).toBe(firingId('automation', 'trigger', scheduled).slice(0, 13))
})

test('differs for another automation, trigger, cause, request or time', () => {
  const ids = [
    firingId('automation', 'trigger', scheduled),
    firingId('other', 'trigger', scheduled),
    firingId('automation', 'other', scheduled),
    firingId('automation', 'trigger', { kind: 'condition', atMs: startMs }),
    firingId('automation', 'trigger', { kind: 'manual', requestId: 'a', requestedAtMs: startMs }),
    firingId('automation', 'trigger', { kind: 'event', eventId: 'a', atMs: startMs }),
    firingId('automation', 'trigger', { kind: 'webhook', deliveryId: 'a', atMs: startMs }),
    ...['a', 'b'].flatMap((requestId) =>
      [startMs, startMs + 1].map((nominalMs) =>
        firingId('automation', 'trigger', { kind: 'backfill', requestId, requestedAtMs: startMs, nominalMs }),
      ),
    ),
  ]
  expect(new Set(ids).size).toBe(ids.length)
})

test(`differs if any fact differs, and is a UUID v7 (seed ${seed})`, () => {
  const word = fc.constantFrom('a', 'b', 'a","b', '')
  const time = fc.constantFrom(-1, 0, startMs, startMs + 1)
  const cause = fc.oneof(
    fc.record({ kind: fc.constant('schedule' as const), nominalMs: time }),
    fc.record({ kind: fc.constant('backfill' as const), requestId: word, requestedAtMs: fc.constant(startMs), nominalMs: time }),
    fc.record({ kind: fc.constant('manual' as const), requestId: word, requestedAtMs: fc.constant(startMs) }),
    fc.record({ kind: fc.constant('event' as const), eventId: word, atMs: fc.constant(startMs) }),
    fc.record({ kind: fc.constant('condition' as const), atMs: time }),
    fc.record({ kind: fc.constant('webhook' as const), deliveryId: word, atMs: fc.constant(startMs) }),
  )
  const firing = fc.tuple(word, word, cause)
  const property = fc.property(firing, firing, (one, other) => {
    const id = firingId(...one)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(id === firingId(...other)).toBe(JSON.stringify(one) === JSON.stringify(other))
  })
  fc.assert(property, { seed, numRuns })
})
