// Measures one cell of the table: one peer doing one kind of work. Forked by run.mjs; for work across processes it forks
// itself once more, as the worker. Every loop is bounded in time, and the whole process by a deadline.
//
// A peer (adapters/*) is { name, package, server, cells, backlog?, split?, prepare?(options), open(options) }:
//   cells   what it can be measured on, each with what "done" means there;
//   prepare makes tables and the like, once, before anything is opened; what it gives (JSON) comes to `open` as `prepared`;
// open takes { role, cell, steps, slots, servers, database, prepared, done, offer } and gives { start(i), startMany?(from, count),
// close(), offer? };
//           what a worker in its own process offers (JSON) comes to its client.
//           role `both` starts runs and works on them, `client` only starts them, `worker` only works;
//           done(i) is to be called, in whichever process learns of it, once run i has ended.
import { fork } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CELLS } from './cells.mjs'
import { packageVersion, query } from './servers.mjs'

const BACKLOG = 20_000
const DRAIN_LIMIT_MS = 20_000

function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const field = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return {
      parent: Number(field[1]),
      ownMs: (Number(field[11]) + Number(field[12])) * 10,
      reapedMs: (Number(field[13]) + Number(field[14])) * 10,
    }
  } catch {
    return null // It ended between readdir and read, or this is no Linux.
  }
}

function childrenOf(pid) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && readStat(name)?.parent === pid)
}

/** User and system time in ms of a process and its direct children, those that ended included. Immune to other load, unlike wall time. */
function cpuMs(pid) {
  const root = readStat(pid)
  if (root === null) return null
  return childrenOf(pid).reduce((total, child) => total + (readStat(child)?.ownMs ?? 0), root.ownMs + root.reapedMs)
}

/** The most memory that this process or one of its children has had resident. */
function peakMiB(root) {
  const peaks = [root, ...childrenOf(root)].map((pid) => {
    const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
  })
  return Math.round(Math.max(...peaks))
}

/** Commits of one database so far. Backends report when they end, so it waits (briefly) until the database has no connection left. */
async function commits(url) {
  const name = new URL(url).pathname.slice(1)
  const admin = Object.assign(new URL(url), { pathname: '/postgres' }).href
  for (let i = 0; i < 30; i++) {
    const [row] = await query(admin, 'select count(*)::int as open from pg_stat_activity where datname = $1', [name])
    if (row.open === 0) break
    await sleep(100)
  }
  const [row] = await query(admin, 'select xact_commit::float8 as commits from pg_stat_database where datname = $1', [name])
  return row.commits
}

/** Remembers which runs are out, since when, and how long those that came back took. */
function makeLedger() {
  const out = new Map()
  let latencies = []
  let finished = 0
  return {
    done(i) {
      const entry = out.get(i)
      if (entry === undefined) return
      out.delete(i)
      finished++
      latencies.push(performance.now() - entry.since)
      entry.resolve()
    },
    expect: (i) => new Promise((resolve) => out.set(i, { since: performance.now(), resolve })),
    reset() {
      latencies = []
      finished = 0
    },
    taken: () => ({ latencies: latencies.toSorted((a, b) => a - b), finished }),
  }
}

const percentile = (sorted, p) =>
  sorted.length === 0 ? null : round(sorted[Math.min(sorted.length - 1, Math.floor((p / 100) * sorted.length))], 2)
const round = (value, digits) => Number(value.toFixed(digits))

/** The worker in a process of its own; what it reports as done goes to `done`. */
async function forkWorker(job, done) {
  const child = fork(import.meta.filename, [JSON.stringify({ ...job, role: 'worker' })], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  process.once('exit', () => child.kill('SIGKILL'))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const ready = await Promise.race([
    new Promise((resolve) => child.on('message', (message) => (message.type === 'done' ? done(message.run) : resolve(message)))),
    ended.then((code) => Promise.reject(new Error(`the worker ended with ${code} before it was ready`))),
  ])
  const close = async () => {
    if (child.connected) child.send({ type: 'stop' })
    await Promise.race([ended, sleep(5000)])
    child.kill('SIGKILL')
    await ended
  }
  return { pid: child.pid, offer: ready.offer, close }
}

/** Life of a worker process: open, say so, work until told to stop. */
async function workerProcess(job, peer) {
  const options = { ...job, role: 'worker', ...CELLS[job.cell], done: (run) => process.send({ type: 'done', run }) }
  const opened = await peer.open(options)
  const stopped = new Promise((resolve) => {
    process.once('message', resolve)
    process.once('disconnect', resolve)
  })
  process.send({ type: 'ready', offer: opened.offer ?? null })
  await stopped
  await Promise.race([opened.close(), sleep(4000)])
  process.exit(0)
}

/** Keeps `lanes` runs in flight: a warm-up, then the measured window. */
async function measureLanes({ lanes, job, opened, ledger, worker, serverPid }) {
  let next = 1
  let stop = false
  const lane = async () => {
    while (!stop) {
      const i = next++
      const finished = ledger.expect(i)
      await opened.start(i)
      await finished
    }
  }
  const all = Promise.all(Array.from({ length: lanes }, lane))
  all.catch(() => {}) // A start that fails is thrown below, by whichever of the two waits sees it.
  await Promise.race([sleep(job.warmup * 1000), all])
  ledger.reset()
  const before = { at: performance.now(), node: nodeCpuMs(worker), server: cpuMs(serverPid) }
  await Promise.race([sleep(job.seconds * 1000), all])
  const ms = performance.now() - before.at
  const { latencies, finished } = ledger.taken()
  const after = { node: nodeCpuMs(worker), server: cpuMs(serverPid) }
  stop = true
  await Promise.race([all, sleep(10_000)])
  return { ms, finished, latencies, started: next - 1, ...cpuPerRun(before, after, finished) }
}

/** Of all of the peer's Node processes: this one, and the worker with its children if that is another. */
function nodeCpuMs(worker) {
  return (readStat(process.pid)?.ownMs ?? 0) + (worker === null ? 0 : (cpuMs(worker.pid) ?? 0))
}

function cpuPerRun(before, after, runs) {
  if (runs === 0 || before.server === null || after.server === null) return {}
  return { nodeCpuMs: round((after.node - before.node) / runs, 4), serverCpuMs: round((after.server - before.server) / runs, 4) }
}

/**
 * Lets a backlog pile up without a worker, then opens one. The clock starts with the first run that ends, so that opening is not counted.
 */
async function measureDrain({ job, peer, options, ledger, serverPid }) {
  const backlog = Math.min(peer.backlog ?? BACKLOG, job.backlog ?? BACKLOG)
  const client = await peer.open({ ...options, role: 'client' })
  const finished = Array.from({ length: backlog }, (_, i) => ledger.expect(i + 1))
  const filling = performance.now()
  if (client.startMany) await client.startMany(1, backlog)
  else {
    let next = 1
    const lane = async () => {
      while (next <= backlog) await client.start(next++)
    }
    await Promise.all(Array.from({ length: 64 }, lane))
  }
  const fillMs = performance.now() - filling
  await client.close()
  const before = { node: nodeCpuMs(null), server: cpuMs(serverPid) }
  const worker = await peer.open({ ...options, role: 'worker' })
  await Promise.race([Promise.race(finished), sleep(DRAIN_LIMIT_MS)])
  const at = performance.now()
  const first = ledger.taken().finished
  await Promise.race([Promise.all(finished), sleep(DRAIN_LIMIT_MS)])
  const ms = performance.now() - at
  const ended = ledger.taken().finished
  const cpu = cpuPerRun(before, { node: nodeCpuMs(null), server: cpuMs(serverPid) }, ended)
  return {
    opened: worker,
    ms,
    finished: ended - first,
    latencies: [],
    started: ended,
    backlog,
    startsPerSecond: Math.round((backlog / fillMs) * 1000),
    ...cpu,
  }
}

async function measure(job, peer) {
  const cell = CELLS[job.cell]
  const ledger = makeLedger()
  const serverPid = job.servers[peer.server].pid
  const prepared = (await peer.prepare?.({ ...job, ...cell })) ?? null
  const options = { ...job, prepared, ...cell, done: ledger.done }
  const base = peer.server === 'postgres' ? await commits(job.database) : null
  let outcome
  if (job.cell === 'drain') {
    outcome = await measureDrain({ job, peer, options, ledger, serverPid })
    outcome.peakMiB = peakMiB(process.pid)
    await Promise.race([outcome.opened.close(), sleep(5000)])
  } else {
    const split = cell.split || peer.split
    const worker = split ? await forkWorker({ ...job, prepared }, ledger.done) : null
    const opened = await peer.open({ ...options, role: split ? 'client' : 'both', offer: worker?.offer ?? null })
    outcome = await measureLanes({ lanes: cell.lanes, job, opened, ledger, worker, serverPid })
    outcome.peakMiB = peakMiB(worker?.pid ?? process.pid)
    await Promise.race([opened.close(), sleep(5000)])
    await worker?.close()
  }
  const { ms, finished, latencies, started } = outcome
  if (finished === 0) throw new Error('no run ended in the measured time')
  const result = {
    runs: finished,
    seconds: round(ms / 1000, 3),
    runsPerSecond: round((finished / ms) * 1000, 1),
    p50Ms: percentile(latencies, 50),
    p95Ms: percentile(latencies, 95),
    p99Ms: percentile(latencies, 99),
    nodeCpuMs: outcome.nodeCpuMs ?? null,
    serverCpuMs: outcome.serverCpuMs ?? null,
    peakMiB: outcome.peakMiB,
    commitsPerRun: base === null ? null : round(((await commits(job.database)) - base) / started, 3),
  }
  return job.cell === 'drain' ? { ...result, backlog: outcome.backlog, startsPerSecond: outcome.startsPerSecond } : result
}

const job = JSON.parse(process.argv[2])
const deadline = setTimeout(() => {
  console.error(`${job.peer} ${job.cell}: out of time`)
  process.exit(3)
}, job.deadlineMs)
deadline.unref()
const { peer } = await import(`./adapters/${job.peer}`)
if (job.role === 'worker') await workerProcess(job, peer)
else {
  const able = peer.cells[job.cell] !== undefined && job.servers[peer.server] !== null
  const label = `${peer.name} ${packageVersion(peer.package) ?? ''}`.trim()
  const result = able ? await measure(job, peer) : null
  process.send({ about: { label, cells: peer.cells }, result }, () => process.exit(0))
}
