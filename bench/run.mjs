// npm run bench: every peer on every kind of work, interleaved, in one run on one machine; prints one table.
//   --rounds 3        how often each cell is measured; the table shows medians
//   --seconds 5       the measured time of a cell (after 2 s of warm-up)
//   --only a,b        only these adapters, by file name; --cells a,b: only these kinds of work
//   --quiet 25        how many seconds to wait, at most, for a second in which the machine is >= 75 % idle
//   --write FILE      writes the table between the bench markers of a Markdown file
//   --smoke           1 round, 1 s, no waiting: checks that everything runs (its numbers mean nothing)
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { become, install } from '../tools/install.mjs'
import { measureCell } from './measure-cell.mjs'

const here = import.meta.dirname
const root = join(here, '..')
const PEERS = [
  'orrery.ts',
  'orrery-product.ts',
  'dbos.mjs',
  'restate.mjs',
  'bullmq.mjs',
  'graphile-worker.mjs',
  'pg-boss.mjs',
  'openworkflow.mjs',
]

function parseOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      warmup: { type: 'string', default: '2' },
      quiet: { type: 'string', default: '25' },
      backlog: { type: 'string', default: '20000' },
      only: { type: 'string', default: '' },
      cells: { type: 'string', default: '' },
      write: { type: 'string' },
      smoke: { type: 'boolean', default: false },
    },
  })
  const number = (name) => {
    const value = Number(values[name])
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number, not ${values[name]}`)
    return value
  }
  const list = (text) => (text === '' ? null : text.split(','))
  const smoke = values.smoke ? { rounds: 1, seconds: 1, warmup: 0.5, quiet: 0, backlog: 1000 } : {}
  const base = {
    rounds: number('rounds'),
    seconds: number('seconds'),
    warmup: number('warmup'),
    quiet: number('quiet'),
    backlog: number('backlog'),
  }
  return { ...base, ...smoke, only: list(values.only), cells: list(values.cells), write: values.write }
}

/** Installs the peers. They are not part of the product, so the first benchmark installs them. */
function installPeers() {
  if (existsSync(join(here, 'node_modules'))) return
  console.error('Installing the peers (npm ci in bench/) …')
  const done = spawnSync('npm', ['ci', '--loglevel=error'], { cwd: here, stdio: 'inherit' })
  if (done.status !== 0) throw new Error('npm ci failed in bench/')
}

async function measureAll(options, servers, tools) {
  const chosen = (list, name) => list?.includes(name.replace(/\..*$/, '')) ?? true
  const cells = Object.keys(tools.CELLS).filter((cell) => chosen(options.cells, cell))
  const measured = []
  const peers = {}
  const skipped = new Set()
  for (let round = 1; round <= options.rounds; round++) {
    for (const cell of cells) {
      for (const peer of PEERS) {
        if (!chosen(options.only, peer) || skipped.has(`${peer} ${cell}`)) continue
        const idle = await tools.waitForQuiet(options.quiet)
        const database = await tools.freshDatabase(servers.postgres.url, 'bench')
        const deadlineMs = (options.seconds + options.warmup + 60) * 1000
        const { seconds, warmup, backlog } = options
        const { about, result, error } = await measureCell({ peer, cell, servers, database, seconds, warmup, backlog, deadlineMs })
        if (about) peers[peer] = about
        if (result === null && error === null) {
          skipped.add(`${peer} ${cell}`)
          continue
        }
        measured.push({ round, peer, cell, idle, ...(result ?? { error }) })
        const figures = result ? `${result.runsPerSecond} runs/s, p50 ${result.p50Ms ?? '–'} ms` : `failed: ${error}`
        console.error(`round ${round}/${options.rounds}  ${cell.padEnd(7)}  ${peer.padEnd(20)}  ${figures}`)
      }
    }
  }
  return { measured, peers }
}

async function main() {
  const options = parseOptions()
  await install()
  // A Node version that cannot run TypeScript started this process: restart on the project's own.
  if (!process.features.typescript) return become(process.argv.slice(1))
  installPeers()
  // Imported here, because these modules need what was just installed.
  const { startPostgres, startRedis, startRestate, freshDatabase } = await import('./servers.mjs')
  const { describeMachine, waitForQuiet } = await import('./machine.mjs')
  const { formatTable, writeSection } = await import('./table.mjs')
  const { CELLS } = await import('./cells.mjs')
  const [postgres, redis, restate] = await Promise.all([startPostgres(), startRedis(), startRestate()])
  const servers = { postgres, redis, restate }
  if (redis === null) console.error('this machine has no redis-server (Debian: apt-get install redis-server), so BullMQ is skipped')
  if (restate === null) console.error('Restate has no server binary for this machine, so it is skipped')
  let outcome
  try {
    outcome = await measureAll(options, servers, { CELLS, freshDatabase, waitForQuiet })
  } finally {
    await Promise.all([postgres.stop(), redis?.stop(), restate?.stop()])
  }
  const versions = { node: process.version, postgres: postgres.version, redis: redis?.version ?? null }
  const report = { ...describeMachine(root), versions, options, ...outcome }
  mkdirSync(join(here, 'results'), { recursive: true })
  writeFileSync(join(here, 'results', `${report.date.slice(0, 10)}-${report.commit}.json`), `${JSON.stringify(report, null, 1)}\n`)
  const table = formatTable(report)
  console.log(table)
  if (options.write) writeSection(join(root, options.write), 'bench', table)
  if (outcome.measured.some((row) => row.error)) process.exitCode = 1
}

await main()
