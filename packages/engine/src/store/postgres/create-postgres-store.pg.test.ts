import { createTestDatabase } from '../../../../../tests/support/database.ts'
import { describeStore } from '../../testing/store.suite.ts'
import { createPostgresStore } from './create-postgres-store.ts'

describeStore('the Postgres store', async () => {
  const database = await createTestDatabase()
  const [store, other] = [createPostgresStore({ url: database.url }), createPostgresStore({ url: database.url })]
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 10_000
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error('it did not come about')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const close = async (): Promise<void> => {
    await Promise.all([store.close(), other.close()])
    await database.drop()
  }
  return { store, other, until, close }
})
