// node bench/recovery.mjs [--runs 200] [--rounds 3] [--idle 20]
// Two worker processes share runs of many short steps. One is killed with SIGKILL. Measures how long it takes until the
// other one has written a new journal row for every run of the killed one. Then counts the statements per second of an idle process.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { openEngine, prepareEngine } from './engine.ts'
import { freshDatabase, query, startPostgres } from './servers.mjs'
import { median } from './table.mjs'
import { until } from './until.mjs'

const LIMIT_MS = 60_000
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '200' }, rounds: { type: 'string', default: '3' }, idle: { type: 'string', default: '20' } },
})

/** Starts a worker in a process of its own. Resolves once it takes runs. */
async function forkWorker(database, prepared) {
  const child = fork(join(import.meta.dirname, 'engine-worker.ts'), [JSON.stringify({ database, prepared, slots: 1000 })], {
    execArgv: process.execArgv,
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const id = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)))
  })
  return { child, id }
}

async function killOne(client, workers) {
  const victim = workers[0]
  const held = async () =>
    (await client.query(`select run_id from engine.live where worker = $1`, [victim.id])).rows.map((row) => row.run_id)
  await until('the worker to kill has a quarter of the runs', LIMIT_MS, async () => (await held()).length >= Number(values.runs) / 4)
  const exited = new Promise((resolve) => victim.child.once('exit', resolve))
  victim.child.kill('SIGKILL')
  const began = performance.now()
  await exited
  const runs = await held()
  const progress = async () => {
    const { rows } = await client.query('select run_id, max(seq)::int as seq from engine.journal where run_id = any($1) group by run_id', [
      runs,
    ])
    return new Map(rows.map((row) => [row.run_id, row.seq]))
  }
  const before = await progress()
  const moved = async () => {
    const now = await progress()
    return runs.every((run) => (now.get(run) ?? 0) > (before.get(run) ?? 0))
  }
  await until('every run of the killed worker continues', LIMIT_MS, moved)
  return { runs: runs.length, ms: Math.round(performance.now() - began) }
}

async function measureRecovery(database, prepared) {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  const engine = await openEngine({ database, prepared, role: 'client' })
  const outcomes = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const workers = [await forkWorker(database, prepared), await forkWorker(database, prepared)]
    for (let i = 0; i < Number(values.runs); i++) await engine.start('plod', { steps: 100_000, ms: 100 })
    outcomes.push(await killOne(client, workers))
    console.log(`round ${round + 1}: ${outcomes.at(-1).runs} runs of the killed worker continued after ${outcomes.at(-1).ms} ms`)
    const rest = (await client.query('select run_id from engine.live')).rows
    await Promise.all(rest.map((row) => engine.cancel(row.run_id)))
    await until('all runs ended', LIMIT_MS, async () => (await client.query('select 1 from engine.live limit 1')).rowCount === 0)
    workers[1].child.kill('SIGKILL')
  }
  await engine.close()
  await client.end()
  return median(outcomes.map((outcome) => outcome.ms))
}

async function measureIdle(database, prepared) {
  const worker = await forkWorker(database, prepared)
  const calls = async () =>
    (
      await query(
        database,
        `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())`,
      )
    )[0].calls
  await sleep(5000)
  const before = await calls()
  await sleep(Number(values.idle) * 1000)
  const own = 1 // The first count is a statement itself.
  const perSecond = ((await calls()) - before - own) / Number(values.idle)
  worker.child.kill('SIGKILL')
  return perSecond
}

const postgres = await startPostgres({ shared_preload_libraries: 'pg_stat_statements' })
try {
  const database = await freshDatabase(postgres.url, 'bench_recovery')
  await query(database, 'create extension pg_stat_statements')
  const prepared = await prepareEngine(database)
  console.log(`recovery after kill -9: ${await measureRecovery(database, prepared)} ms (median of ${values.rounds})`)
  console.log(`an idle worker process sends ${(await measureIdle(database, prepared)).toFixed(2)} statements per second`)
} finally {
  await postgres.stop()
}
process.exit(0)
