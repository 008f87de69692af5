import { systemClock } from '../clock.ts'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { addTransactions } from '../testing/simulation/wrap-store.ts'
import { describeEngine } from './engine.suite.ts'

describeEngine('memory', async () => {
  const database = createMemoryDatabase({ clock: systemClock })
  return {
    connect: () => {
      const store = addTransactions(database.connect())
      return { store, notifier: store.notifier }
    },
    close: async () => {},
  }
})
