import { createTestDatabase } from '../../../../tests/support/database.ts'
import { containBundles } from '../sandbox/contain-bundles.ts'
import { createPostgresStore } from '../store/postgres/index.ts'
import { describeEngine } from './engine.suite.ts'

/** With the bundles in processes of their own, as in a server. */
describeEngine('PostgreSQL', async () => {
  const database = await createTestDatabase()
  return {
    connect: () => {
      const store = createPostgresStore({ url: database.url, poolMax: 4 })
      return { store, notifier: store.notifier, hosts: containBundles() }
    },
    close: () => database.drop(),
  }
})
