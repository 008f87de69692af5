// node --conditions=orrery-source bench/idle.mjs [--settle 20] [--seconds 60]
// Counts the statements per second that a whole idle server (API, worker, scheduler) sends to PostgreSQL, including `begin`, `commit`
// and the settings of transactions. Goal: at most one.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openServer } from './product-server.ts'
import { freshDatabase, query, startPostgres } from './servers.mjs'

const { values } = parseArgs({ options: { settle: { type: 'string', default: '20' }, seconds: { type: 'string', default: '60' } } })

/** The number of calls of each statement so far, by its text. */
const CALLS = `select left(regexp_replace(query, '\\s+', ' ', 'g'), 100) as text, sum(calls)::int as calls from pg_stat_statements
  where dbid = (select oid from pg_database where datname = current_database()) group by 1`

const readCalls = async (url) => new Map((await query(url, CALLS)).map((row) => [row.text, row.calls]))

const postgres = await startPostgres({ shared_preload_libraries: 'pg_stat_statements' })
try {
  const url = await freshDatabase(postgres.url, 'bench_idle')
  await query(url, 'create extension pg_stat_statements')
  const server = await openServer(url, 100)
  await sleep(Number(values.settle) * 1000)
  const before = await readCalls(url)
  await sleep(Number(values.seconds) * 1000)
  const more = [...(await readCalls(url))].map(([text, calls]) => [text, calls - (before.get(text) ?? 0)])
  const own = more.filter(([text, calls]) => calls > 0 && !text.includes('pg_stat_statements'))
  for (const [text, calls] of own.toSorted((a, b) => b[1] - a[1])) console.log(`${(calls / Number(values.seconds)).toFixed(2)}/s  ${text}`)
  const all = own.reduce((sum, [, calls]) => sum + calls, 0)
  console.log(`an idle server sends ${(all / Number(values.seconds)).toFixed(2)} statements per second`)
  await server.close()
} finally {
  await postgres.stop()
}
process.exit(0)
