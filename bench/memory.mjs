// node bench/memory.mjs [--seconds 10]: how soon `npm start` answers on an installed checkout, and how much memory the
// all-in-one process uses when idle. Starts it twice on a new data folder: the first start creates the database, the second
// reuses it. (The memory under load is in the results of run.mjs, as `peakMiB` of orrery-product.)
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from './servers.mjs'
import { until } from './until.mjs'

const here = import.meta.dirname
const READY_LIMIT_MS = 120_000
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } })

/** `pid` and its descendants, with command and memory. PSS counts a page that n processes share as 1/n of a page each. */
function processesBelow(pid) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map()
  for (const id of all) {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
      parents.set(Number(id), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // The process ended after readdir.
    }
  }
  const below = [pid]
  for (const id of below) for (const [child, parent] of parents) if (parent === id) below.push(child)
  return below.flatMap((id) => {
    try {
      const command = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      const kib = (file, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${id}/${file}`, 'utf8'))?.[1] ?? 0)
      return [{ id, command, rssMiB: kib('status', 'VmRSS') / 1024, pssMiB: kib('smaps_rollup', 'Pss') / 1024 }]
    } catch {
      return []
    }
  })
}

async function startOnce(data) {
  const port = await freePort()
  const began = performance.now()
  const env = { ...process.env, PORT: String(port), ORRERY_DATA: data }
  const child = spawn('npm', ['start'], { cwd: join(here, '..'), env, stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  const kill = () => process.kill(-child.pid, 'SIGKILL')
  process.once('exit', kill)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    const ready = until(
      'npm start answers',
      READY_LIMIT_MS,
      async () => (await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2000) })).ok,
    )
    await Promise.race([ready, ended.then((code) => Promise.reject(new Error(`npm start exited with ${code}`)))])
    const readyMs = Math.round(performance.now() - began)
    await sleep(Number(values.seconds) * 1000)
    return { readyMs, processes: processesBelow(child.pid) }
  } finally {
    process.kill(-child.pid, 'SIGTERM')
    await Promise.race([ended, sleep(15_000)])
    process.removeListener('exit', kill)
    if (child.exitCode === null) kill()
  }
}

mkdirSync(join(here, 'data'), { recursive: true })
const data = mkdtempSync(join(here, 'data/memory-'))
try {
  for (const which of ['first start', 'second start']) {
    const { readyMs, processes } = await startOnce(data)
    const server = processes.filter((p) => /node/.test(p.command) && !/\bnpm\b/.test(p.command)).toSorted((a, b) => b.rssMiB - a.rssMiB)[0]
    const postgres = processes.filter((p) => /postgres/.test(p.command) && p !== server)
    const sum = (list) => list.reduce((total, p) => total + p.pssMiB, 0).toFixed(0)
    console.log(
      `${which}: ready after ${readyMs} ms; after ${values.seconds} s idle the server uses ${server?.rssMiB.toFixed(0)} MiB (resident), PostgreSQL ${sum(postgres)} MiB`,
    )
  }
} finally {
  rmSync(data, { recursive: true, force: true })
}
