import { createTestDatabase } from '../../../../../tests/support/database.ts'
import { describeStore } from '../../testing/store.suite.ts'
import { createPostgresStore } from './create-postgres-store.ts'
import { ageBeats, until } from './test-database.ts'

describeStore('the Postgres store', async () => {
  const database = await createTestDatabase()
  const [store, other] = [createPostgresStore({ url: database.url }), createPostgresStore({ url: database.url })]
  const close = async (): Promise<void> => {
    await Promise.all([store.close(), other.close()])
    await database.drop()
  }
  return { store, other, until, ageBeats: (ms) => ageBeats(database.url, ms), close }
})
