/**
 * Global set-up of vitest: one real PostgreSQL for the whole test run. `ORRERY_TEST_POSTGRES` (an admin URL) names a running server.
 * Without it, the embedded PostgreSQL is started in a temporary folder, and is stopped and deleted afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../packages/embedded-postgres/src/start-postgres.ts'

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Several vitest projects run this file. The first one starts the server for all of them.
  if (process.env.ORRERY_TEST_POSTGRES) return undefined
  const dataDir = mkdtempSync(join(tmpdir(), 'orrery-test-'))
  const clear = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  // After Ctrl-C vitest exits without the teardown below. The server then exits together with this process.
  process.once('exit', clear)
  // Without fsync a killed server still recovers, because the operating system has its writes. Only a power cut could lose data.
  const postgres = await startPostgres({ dataDir, settings: { fsync: false }, log: (message) => console.error(message) })
  process.env.ORRERY_TEST_POSTGRES = postgres.adminUrl
  return async () => {
    await postgres.stop()
    clear()
  }
}
