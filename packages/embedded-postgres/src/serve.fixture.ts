/**
 * A process that serves a data folder, for tests that kill it: `node serve.fixture.ts <folder>`. SIGTERM stops it in good
 * order; SIGUSR2 makes it fail by an uncaught error.
 */
import { startPostgres } from './start-postgres.ts'

const [dataDir = ''] = process.argv.slice(2)
const postgres = await startPostgres({ dataDir })
const staying = setInterval(() => undefined, 60_000)
process.once('SIGTERM', () => {
  clearInterval(staying)
  void postgres.stop()
})
process.once('SIGUSR2', () => {
  throw new Error('asked to fail')
})

// Last: whoever reads this line may send a signal at once.
process.stdout.write(`${JSON.stringify({ url: postgres.url, adminUrl: postgres.adminUrl, pid: postgres.pid })}\n`)
