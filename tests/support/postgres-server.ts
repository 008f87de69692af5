/**
 * Global set-up of vitest: one real PostgreSQL for the whole session. `ORRERY_TEST_POSTGRES` (an admin URL) names a server
 * that runs already; without it the embedded one is started in a temporary folder, and stopped and deleted afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../packages/embedded-postgres/src/start-postgres.ts'

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Several projects of one session name this file: the first one starts the server for all.
  if (process.env.ORRERY_TEST_POSTGRES) return undefined
  const dataDir = mkdtempSync(join(tmpdir(), 'orrery-test-'))
  const clear = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  // After Ctrl-C vitest ends without the teardown below; the server ends with us by itself.
  process.once('exit', clear)
  // Without fsync a killed server still recovers (the kernel has its writes); only a power cut would not be survived.
  const postgres = await startPostgres({ dataDir, settings: { fsync: false }, log: (message) => console.error(message) })
  process.env.ORRERY_TEST_POSTGRES = postgres.adminUrl
  return async () => {
    await postgres.stop()
    clear()
  }
}
