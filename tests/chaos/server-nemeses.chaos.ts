/**
 * Two product servers on one PostgreSQL while their network, their database, its disk and their clocks fail them. Goal: no answer of 500, no
 * request without an answer, nothing lost, nothing doubled, and everything works again by itself. The clocks of the servers are two hours
 * ahead and two hours behind all the time. `npm run chaos -- --servers` does it for longer.
 */
import { expect, it } from 'vitest'
import { runServers } from './servers/run-servers.ts'

it('two servers keep their promises under every nemesis', async () => {
  const report = await runServers({ rounds: 1, scale: 1, isLong: false, log: (line) => console.log(line) })
  console.log(JSON.stringify(report))
  expect(report.findings).toEqual([])
})
