import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { describeStore } from './store.suite.ts'
import { createVirtualClock } from './virtual-clock.ts'

describeStore('the memory store', async () => {
  const clock = createVirtualClock()
  const database = createMemoryDatabase({ clock })
  const [store, other] = [database.connect(), database.connect()]
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 1000; tries++) {
      if (await condition()) return
      await clock.advance(10)
    }
    throw new Error('the condition did not become true')
  }
  return { store, other, until, ageBeats: (ms) => clock.advance(ms), close: () => store.close() }
})
