import { expect, it } from 'vitest'
import { createMemoryDatabase } from '../../store/memory/create-memory-store.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { Results } from './results.ts'

const [org, run] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']

it('a caller whose look at the store fails is told, and forgotten', async () => {
  const clock = createVirtualClock()
  let looks = 0
  const result = async () => {
    looks++
    throw new Error('the database is away')
  }
  const results = new Results({ ...createMemoryDatabase({ clock }).connect(clock), result }, clock)
  await expect(results.wait(org, run, 60_000, false)).rejects.toThrow('away')
  results.hint(run)
  expect(looks).toBe(1)
})
