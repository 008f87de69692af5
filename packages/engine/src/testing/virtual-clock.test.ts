import { expect, it } from 'vitest'
import { seeded } from '../store/memory/random.ts'
import { createVirtualClock } from './virtual-clock.ts'

it('runs callbacks in the order of their times, and each sees its own time', async () => {
  const clock = createVirtualClock({ startAt: 1000 })
  const seen: [string, number][] = []
  clock.setTimeout(() => seen.push(['late', clock.now()]), 20)
  clock.setTimeout(() => seen.push(['soon', clock.now()]), 5)
  clock.setImmediate(() => seen.push(['now', clock.now()]))
  expect([clock.pending, clock.nextAt]).toEqual([3, 1000])
  await clock.advanceTo(1010)
  expect(seen).toEqual([
    ['now', 1000],
    ['soon', 1005],
  ])
  expect([clock.now(), clock.pending, clock.nextAt]).toEqual([1010, 1, 1020])
})

it('runs timers set while time advances, and no cleared ones', async () => {
  const clock = createVirtualClock({ startAt: 0 })
  const seen: string[] = []
  const cleared = clock.setTimeout(() => seen.push('cleared'), 10)
  clock.setTimeout(() => {
    clock.clearTimeout(cleared)
    void Promise.resolve().then(() => clock.setTimeout(() => seen.push('chained'), 3))
  }, 5)
  await clock.advance(100)
  expect(seen).toEqual(['chained'])
  expect(clock.runNext()).toBe(false)
})

it('runs simultaneous timers in the order in which they were set, or in a seeded random order', async () => {
  const order = async (random?: () => number): Promise<number[]> => {
    const clock = createVirtualClock(random ? { random } : {})
    const seen: number[] = []
    for (let index = 0; index < 30; index++) clock.setTimeout(() => seen.push(index), 7)
    await clock.advance(7)
    return seen
  }
  const asked = Array.from({ length: 30 }, (_, index) => index)
  expect(await order()).toEqual(asked)
  const drawn = await order(seeded(5))
  expect(drawn).not.toEqual(asked)
  expect(await order(seeded(5))).toEqual(drawn)
  expect(await order(seeded(6))).not.toEqual(drawn)
})

it('keeps thousands of timers in order', async () => {
  const clock = createVirtualClock({ startAt: 0 })
  const random = seeded(3)
  const seen: number[] = []
  for (let index = 0; index < 3000; index++) clock.setTimeout(() => seen.push(clock.now()), Math.floor(random() * 500))
  while (clock.runNext());
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
  expect(seen).toHaveLength(3000)
})
