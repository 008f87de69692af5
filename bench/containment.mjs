// node --conditions=orrery-source bench/containment.mjs [--pairs 5] [--seconds 4]
// The price of running workflow code in a process of its own: the same work in the process and contained, in turns.
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { containBundles } from '@orrery/engine'
import { loadProject } from '@orrery/engine/bundle'
import { inThisProcess } from '../packages/engine/src/sandbox/bundle-host.ts'
import { ORG, openEngine, prepareEngine } from './engine.ts'
import { freshDatabase, startPostgres } from './servers.mjs'
import { median } from './table.mjs'

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } } })
const LANES = 64
const CALLS = 300

/** Pid and its fields of /proc/PID/stat behind the name. */
function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function childrenOf(parent) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => {
    try {
      return Number(statOf(pid)[1]) === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sandbox-main')
    } catch {
      return false
    }
  })
}

/** Milliseconds of CPU of this process and its sandboxes. Clock ticks are 10 ms. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  const ticks = childrenOf(process.pid)
    .map((pid) => statOf(pid))
    .map((stat) => Number(stat[11]) + Number(stat[12]))
  return (user + system) / 1000 + ticks.reduce((sum, each) => sum + each * 10, 0)
}

const owner = { onLost: () => {}, isHeld: () => true }
const info = { runId: 'r', orgId: ORG, workflow: 'count', version: 'v', parentRunId: null, scopes: [] }

/** Microseconds for one activation in calls of `size` runs: a run's start, its step and its end. */
async function measureCalls(hosts, code, size) {
  const host = hosts.open(ORG, code, owner)
  const runs = Array.from({ length: size }, (_, index) => `run ${index}`)
  const start = { type: 'start', workflow: 'count', input: { steps: 1 }, seed: 's', info, patches: [] }
  const turn = (delivery) => host.activate(runs.map((run) => ({ run, at: 0, replaying: false, delivery })))
  const once = async () => {
    for (const delivery of [start, { type: 'resolve', cmd: 1, value: 1 }, { type: 'evict' }]) await turn(delivery)
  }
  for (let i = 0; i < 50; i++) await once()
  const began = performance.now()
  for (let i = 0; i < CALLS; i++) await once()
  const us = ((performance.now() - began) * 1000) / (CALLS * 3 * size)
  host.dispose()
  return us
}

async function measureRuns(database, hosts, steps) {
  const opened = await openEngine({ database, role: 'both', ...(hosts ? { hosts } : {}) })
  let done = 0
  let over = false
  const lane = async () => {
    while (!over) {
      await opened.finished(await opened.start('count', { steps }))
      done++
    }
  }
  const lanes = Array.from({ length: LANES }, lane)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const [began, before, cpuBefore] = [performance.now(), done, cpuMs()]
  await new Promise((resolve) => setTimeout(resolve, Number(values.seconds) * 1000))
  const finished = done - before
  const result = { perSecond: (finished * 1000) / (performance.now() - began), cpu: (cpuMs() - cpuBefore) / finished }
  over = true
  await Promise.all(lanes)
  await opened.close()
  return result
}

const { bundle } = await loadProject(import.meta.dirname)
const contained = containBundles()
const starts = []
for (let i = 0; i < 5; i++) {
  const fresh = containBundles()
  const began = performance.now()
  await fresh.open(ORG, bundle.code, owner).describe()
  starts.push(performance.now() - began)
  fresh.close()
}
console.log(`start of a process, with the first call: ${median(starts).toFixed(0)} ms`)
for (const size of [1, 8, 64]) {
  const pairs = []
  for (let i = 0; i < Number(values.pairs); i++)
    pairs.push([await measureCalls(inThisProcess, bundle.code, size), await measureCalls(contained, bundle.code, size)])
  const [inside, outside] = [0, 1].map((which) => median(pairs.map((pair) => pair[which])))
  console.log(`activation, ${size} in a call: ${inside.toFixed(1)} us in process, ${outside.toFixed(1)} us contained`)
}
const rss = childrenOf(process.pid).map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
console.log(`memory of the process: ${Math.max(...rss).toFixed(0)} MB`)
contained.close()

const postgres = await startPostgres()
try {
  const database = await freshDatabase(postgres.url, 'containment')
  await prepareEngine(database)
  for (const steps of [1, 5]) {
    const pairs = []
    for (let i = 0; i < Number(values.pairs); i++)
      pairs.push([await measureRuns(database, null, steps), await measureRuns(database, containBundles(), steps)])
    const show = (what, digits) => {
      const [inside, outside] = [0, 1].map((which) => median(pairs.map((pair) => pair[which][what])))
      const ratio = median(pairs.map(([a, b]) => b[what] / a[what]))
      return `${inside.toFixed(digits)} in process, ${outside.toFixed(digits)} contained, ratio ${ratio.toFixed(2)}`
    }
    console.log(`runs of ${steps} steps per second: ${show('perSecond', 0)}`)
    console.log(`CPU of Node for one, ms: ${show('cpu', 2)}`)
  }
} finally {
  await postgres.stop()
}
