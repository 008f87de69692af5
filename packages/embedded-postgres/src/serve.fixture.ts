/**
 * A process that serves a data folder, for tests that kill it: `node serve.fixture.ts <folder>`. SIGTERM stops it properly; SIGUSR2 makes
 * it end with an uncaught error.
 */
import { startPostgres } from './start-postgres.ts'

const [dataDir = ''] = process.argv.slice(2)
const postgres = await startPostgres({ dataDir })
const keepAlive = setInterval(() => undefined, 60_000)
process.once('SIGTERM', () => {
  clearInterval(keepAlive)
  void postgres.stop()
})
process.once('SIGUSR2', () => {
  throw new Error('asked to fail')
})

// Written last: the reader of this line may send a signal at once.
process.stdout.write(`${JSON.stringify({ url: postgres.url, adminUrl: postgres.adminUrl, pid: postgres.pid })}\n`)
