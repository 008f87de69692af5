import { expect, test } from 'vitest'
import { withinTime } from './within-time.ts'

test('returns the result of work that ends in time, or the error that it throws', () => {
  expect(withinTime(50, () => 7)).toEqual({ outcome: 'done', value: 7 })
  const thrown = new RangeError('too deep')
  expect(
    withinTime(50, () => {
      throw thrown
    }),
  ).toEqual({ outcome: 'error', error: thrown })
})

test('stops an endless loop and a slow regular expression, and runs the next work normally', () => {
  let turns = 0
  const loop = () => {
    for (;;) turns += 1
  }
  expect(withinTime(50, loop)).toEqual({ outcome: 'timeout' })
  expect(turns).toBeGreaterThan(0)
  expect(withinTime(50, () => /^(a|a)*$/.test(`${'a'.repeat(50)}!`))).toEqual({ outcome: 'timeout' })
  expect(withinTime(50, () => 'b')).toEqual({ outcome: 'done', value: 'b' })
})

test('retries work that timed out without using its processor time', () => {
  let attempts = 0
  const wait = new Int32Array(new SharedArrayBuffer(4))
  const slow = () => {
    attempts += 1
    // Sleeping uses no processor time, like waiting for a busy processor.
    if (attempts === 1) Atomics.wait(wait, 0, 0, 120)
    for (let turn = 0; turn < 1_000; turn += 1) Math.sqrt(turn)
    return attempts
  }
  expect(withinTime(40, slow)).toEqual({ outcome: 'done', value: 2 })
})
