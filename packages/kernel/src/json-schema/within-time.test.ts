import { expect, test } from 'vitest'
import { withinTime } from './within-time.ts'

test('work that ends is done, and what it throws is told', () => {
  expect(withinTime(50, () => 7)).toEqual({ outcome: 'done', value: 7 })
  const thrown = new RangeError('too deep')
  expect(
    withinTime(50, () => {
      throw thrown
    }),
  ).toEqual({ outcome: 'error', error: thrown })
})

test('a loop and a regular expression are stopped, and the next work runs as ever', () => {
  let turns = 0
  const loop = () => {
    for (;;) turns += 1
  }
  expect(withinTime(50, loop)).toEqual({ outcome: 'timeout' })
  expect(turns).toBeGreaterThan(0)
  expect(withinTime(50, () => /^(a|a)*$/.test(`${'a'.repeat(50)}!`))).toEqual({ outcome: 'timeout' })
  expect(withinTime(50, () => 'b')).toEqual({ outcome: 'done', value: 'b' })
})

test('what only had to wait for the processor gets its time', () => {
  let attempts = 0
  const wait = new Int32Array(new SharedArrayBuffer(4))
  const slow = () => {
    attempts += 1
    // Sleeping uses no time of the processor, as waiting for it does not.
    if (attempts === 1) Atomics.wait(wait, 0, 0, 120)
    for (let turn = 0; turn < 1_000; turn += 1) Math.sqrt(turn)
    return attempts
  }
  expect(withinTime(40, slow)).toEqual({ outcome: 'done', value: 2 })
})
