import { setTimeout } from 'node:timers/promises'
import { createTestDatabase } from '../../../../tests/support/database.ts'
import { createPostgresStore } from '../store/postgres/create-postgres-store.ts'
import { describeStore } from './store.suite.ts'

describeStore('the Postgres store', async () => {
  const database = await createTestDatabase()
  const [store, other] = [createPostgresStore({ url: database.url }), createPostgresStore({ url: database.url })]
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + 5000
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error('it did not come about')
      await setTimeout(5)
    }
  }
  const close = async (): Promise<void> => {
    await Promise.all([store.close(), other.close()])
    await database.drop()
  }
  // The suite never passes a transaction, so what type the store's transactions have does not matter to it.
  return { store, other, until, close }
})
