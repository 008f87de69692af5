import { expect, it } from 'vitest'
import { createTestDatabase } from '../../../../tests/support/database.ts'
import { isTransient } from './classify-failure.ts'
import { createDatabase } from './database.ts'
import { limitIdle } from './session-settings.ts'
import { sql } from './sql.ts'

it('classifies the end of an idle transaction as a transient failure', async () => {
  const made = await createTestDatabase()
  const database = createDatabase({ url: made.url, poolMax: 1 })
  const failure = await database
    .transaction('00000000-0000-4000-8000-000000000001', 'read only', async (tx) => {
      await limitIdle(tx, 50)
      // Blocks the whole process, as SIGSTOP does.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
      await tx.rows(sql`select 1`)
    })
    .catch((error: unknown) => error)
  // On a local connection the socket breaks before the server's message is read.
  expect(failure).toMatchObject({ code: expect.stringMatching(/^(25P03|EPIPE|ECONNRESET)$/) })
  expect(isTransient(failure)).toBe(true)
  expect(isTransient(Object.assign(new Error('terminating connection'), { code: '25P03' }))).toBe(true)
  await database.close()
  await made.drop()
})
