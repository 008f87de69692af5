// node --conditions=orrery-source bench/scale.mjs [--live 1000000] [--finished 10000000] [--rounds 3] [--seconds 5]
// Measures whether throughput falls as the database grows: runs the same cells in turns on an empty database and on one with
// `live` waiting and `finished` finished runs. Goal: the full one reaches at least 80 % of the empty one.
import { parseArgs } from 'node:util'
import pg from 'pg'
import { ORG, prepareEngine } from './engine.ts'
import { waitForQuiet } from './machine.mjs'
import { measureCell } from './measure-cell.mjs'
import { freshDatabase, startPostgres } from './servers.mjs'
import { median } from './table.mjs'

const CELLS = ['load-1', 'load-5', 'one', 'drain']
const CHUNK = 200_000
const { values } = parseArgs({
  options: {
    live: { type: 'string', default: '1000000' },
    finished: { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '2' },
    backlog: { type: 'string', default: '20000' },
    quiet: { type: 'string', default: '25' },
  },
})

/** $1, $2: first and last number; $3: the total count; $4: org; $5: bundle. Ids are UUIDs v7 in order, spread over the last ten days. */
const NUMBERED = `
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid as id, at
  from generate_series($1::bigint, $2::bigint) n, lateral (select now() - interval '10 days' * (1 - n / $3::float8) as at) t`

const RUN = `insert into engine.run (org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, seed, keys, clock_at)
  select $4::uuid, id, 'count', $5::text, 'default', 1, '{"steps":1}', '{}', at, id::text, id::text, at from n`

const FINISHED = `with n as materialized (${NUMBERED}), r as (${RUN}),
  j as (insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name, input, output)
        select $4::uuid, id, 1, 1, 1, 1, at, at, 'add', '0', '0' from n)
  insert into engine.result (org_id, run_id, status, at, output) select $4::uuid, id, 1, at, '0' from n`

/** Waiting runs: each waits for a timer far in the future. */
const WAITING = `with n as materialized (${NUMBERED}), r as (${RUN}),
  j as (insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name, input, output)
        select $4::uuid, id, 1, 1, 1, 1, at, at, 'add', '0', '0' from n)
  insert into engine.live (org_id, run_id, rank, at, next_seq, state, priority, begun, queue, waits)
  select $4::uuid, id, at, now() + interval '30 days' + (at - now()), 2, 3, 1, true, 'default', '[{"type":"timer","until":4102444800000}]' from n`

async function fill(database, bundle) {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  await client.query('set synchronous_commit = off')
  const began = performance.now()
  for (const [what, statement, count] of [
    ['finished', FINISHED, Number(values.finished)],
    ['waiting', WAITING, Number(values.live)],
  ]) {
    for (let from = 1; from <= count; from += CHUNK) {
      await client.query(statement, [from, Math.min(from + CHUNK - 1, count), count, ORG, bundle])
      if (from % (CHUNK * 10) === 1) console.error(`${what}: ${from - 1} of ${count}, ${Math.round((performance.now() - began) / 1000)} s`)
    }
  }
  await client.query('vacuum (analyze)')
  await client.query('checkpoint')
  const [{ size }] = (await client.query('select pg_size_pretty(pg_database_size(current_database())) as size')).rows
  await client.end()
  return size
}

const postgres = await startPostgres({ max_wal_size: '16GB', maintenance_work_mem: '512MB' })
try {
  const databases = { empty: await freshDatabase(postgres.url, 'bench_empty'), full: await freshDatabase(postgres.url, 'bench_full') }
  await prepareEngine(databases.empty)
  const { bundle } = await prepareEngine(databases.full)
  const size = await fill(databases.full, bundle)
  console.log(`full: ${values.live} waiting and ${values.finished} finished runs, ${size}`)
  const measured = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const cell of CELLS) {
      for (const [which, database] of Object.entries(databases)) {
        await waitForQuiet(Number(values.quiet))
        const [seconds, warmup, backlog] = [values.seconds, values.warmup, values.backlog].map(Number)
        const job = {
          peer: 'orrery.ts',
          cell,
          servers: { postgres },
          database,
          seconds,
          warmup,
          backlog,
          deadlineMs: (seconds + warmup + 60) * 1000,
        }
        const { result, error } = await measureCell(job)
        if (error) throw new Error(`${cell} on ${which}: ${error}`)
        measured.push({ cell, which, ...result })
      }
    }
  }
  for (const cell of CELLS) {
    const rate = (which) => median(measured.filter((row) => row.cell === cell && row.which === which).map((row) => row.runsPerSecond))
    const share = (100 * rate('full')) / rate('empty')
    console.log(`${cell}: empty ${rate('empty').toFixed(0)} runs/s, full ${rate('full').toFixed(0)} runs/s: ${share.toFixed(0)} %`)
  }
} finally {
  await postgres.stop()
}
process.exit(0)
