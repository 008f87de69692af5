// Measures one cell of the table: one peer on one kind of work. run.mjs forks it. For work across processes it forks
// itself once more, as the worker. Every loop is limited in time, and the whole process has a deadline.
//
// A peer (adapters/*) is { name, package, server, cells, backlog?, split?, prepare?(options), open(options) }:
//   cells    the kinds of work it supports, each with what "done" means;
//   prepare  creates tables and the like, once, before `open`; its result (JSON) is passed to `open` as `prepared`;
//   open     takes { role, cell, steps, slots, servers, database, prepared, done, offer } and returns { start(i),
//            startMany?(from, count), close(), offer? };
//            `offer` of a worker in its own process (JSON) is passed to its client;
//            role `both` starts and executes runs, `client` only starts them, `worker` only executes them;
//            done(i) must be called once run i has ended, in any of the processes.
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
    return null // The process ended between readdir and read, or this system is not Linux.
  }
}

function childrenOf(pid) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && readStat(name)?.parent === pid)
}

/**
 * User and system time in ms of a process and its direct children, including those that have ended. Unlike wall time, it does
 * not depend on other load.
 */
function cpuMs(pid) {
  const root = readStat(pid)
  if (root === null) return null
  return childrenOf(pid).reduce((total, child) => total + (readStat(child)?.ownMs ?? 0), root.ownMs + root.reapedMs)
}

/** The peak resident memory of the process or of one of its children, whichever is larger. */
function peakMiB(root) {
  const peaks = [root, ...childrenOf(root)].map((pid) => {
    const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
  })
  return Math.round(Math.max(...peaks))
}

/**
 * The number of commits in a database so far. Backends report their counts when they exit, so this waits briefly until no
 * connection is left.
 */
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

/** Records which runs are in flight and since when, and the latencies of finished runs. */
function makeLedger() {
  const inFlight = new Map()
  let latencies = []
  let finished = 0
  return {
    done(i) {
      const entry = inFlight.get(i)
      if (entry === undefined) return
      inFlight.delete(i)
      finished++
      latencies.push(performance.now() - entry.since)
      entry.resolve()
    },
    expect: (i) => new Promise((resolve) => inFlight.set(i, { since: performance.now(), resolve })),
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

/** Starts the worker in a process of its own. Calls `done` for each run that it reports as done. */
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

/** The main function of a worker process: opens the peer, reports that it is ready, and works until it is stopped. */
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

/** Keeps `lanes` runs in flight, during a warm-up and then the measured time. */
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
  all.catch(() => {}) // A failed start is thrown below, by one of the two races with `all`.
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

/** CPU time of all Node processes of the peer: this one, and a separate worker with its children. */
function nodeCpuMs(worker) {
  return (readStat(process.pid)?.ownMs ?? 0) + (worker === null ? 0 : (cpuMs(worker.pid) ?? 0))
}

function cpuPerRun(before, after, runs) {
  if (runs === 0 || before.server === null || after.server === null) return {}
  return { nodeCpuMs: round((after.node - before.node) / runs, 4), serverCpuMs: round((after.server - before.server) / runs, 4) }
}

/**
 * Fills a backlog without a worker, then opens one. The clock starts when the first run ends, so that opening is not counted.
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
