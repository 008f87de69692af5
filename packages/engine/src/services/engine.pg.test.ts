import { createTestDatabase } from '../../../../tests/support/database.ts'
import { createPostgresStore } from '../store/postgres/index.ts'
import { describeEngine } from './engine.suite.ts'

describeEngine('PostgreSQL', async () => {
  const database = await createTestDatabase()
  return {
    connect: () => {
      const store = createPostgresStore({ url: database.url, poolMax: 4 })
      return { store, notifier: store.notifier }
    },
    close: () => database.drop(),
  }
})
