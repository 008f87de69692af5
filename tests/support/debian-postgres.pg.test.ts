import pg from 'pg'
import { expect, test } from 'vitest'
import { hasDebianPostgres, startDebianPostgres } from './debian-postgres.ts'

test.runIf(hasDebianPostgres())('startDebianPostgres starts a PostgreSQL 15 and stops it', async () => {
  const postgres = await startDebianPostgres()
  const client = new pg.Client({ connectionString: postgres.adminUrl })
  await client.connect()
  const { rows } = await client.query('show server_version_num')
  expect(Math.floor(Number(rows[0].server_version_num) / 10_000)).toBe(15)
  await client.end()
  await postgres.stop()
  await expect(new pg.Client({ connectionString: postgres.adminUrl }).connect()).rejects.toThrow()
})
