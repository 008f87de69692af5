/**
 * Processes of an earlier life: a parent killed with -9 leaves a whole server behind, a postmaster killed with -9 leaves backends
 * that still finish their statement. We hold the folder's lock, so nobody serves from them any more: they are stopped, and the
 * new server recovers. (Adopting them would mean to supervise a process that is not our child and tells us nothing of its end.)
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'

const fastShutdownMs = 15_000
const immediateShutdownMs = 5_000
const pollMs = 20

type Log = (message: string) => void

/** Afterwards nothing runs in this data folder, and no file there claims otherwise. */
export async function clearLeftovers(cluster: Cluster, log: Log): Promise<void> {
  const found = findProcesses(cluster)
  if (found.length > 0) log(`stopping ${found.length} PostgreSQL process(es) that an earlier server left on ${cluster.data}`)
  const begun = performance.now()
  let sent: NodeJS.Signals | undefined
  for (let left = found; left.length > 0; left = findProcesses(cluster)) {
    const waitedMs = performance.now() - begun
    const due = waitedMs < fastShutdownMs ? 'SIGINT' : waitedMs < fastShutdownMs + immediateShutdownMs ? 'SIGQUIT' : 'SIGKILL'
    if (due !== sent) for (const process of left) signal(process.pid, firstSignal(process, left, due))
    sent = due
    await delay(pollMs)
  }
  // A process that has ended but that nobody has waited for still "exists", and so does a stranger with a reused id:
  // for PostgreSQL either means that a server runs here. We know better.
  rmSync(join(cluster.data, 'postmaster.pid'), { force: true })
  for (const name of readdirSync(cluster.data)) if (name.startsWith('.s.PGSQL.')) rmSync(join(cluster.data, name), { force: true })
}

interface Found {
  readonly pid: number
  readonly isPostmaster: boolean
}

/** A postmaster takes its children with it. Backends without one end by SIGQUIT, as it would have told them. */
function firstSignal(process: Found, all: readonly Found[], due: NodeJS.Signals): NodeJS.Signals {
  if (due !== 'SIGINT' || process.isPostmaster) return due
  return all.some((other) => other.isPostmaster) ? 'SIGCONT' : 'SIGQUIT'
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause
  }
}

/** Recognised by the cluster's name in their titles; the owner is compared so that nobody can pass a process of theirs for ours. */
function findProcesses(cluster: Cluster): Found[] {
  const { uid } = statSync(cluster.data)
  return listProcesses().flatMap(({ pid, owner, title }) => {
    if (owner !== uid) return []
    const isPostmaster = title.includes(`cluster_name=${cluster.name} `) && /^\S*postgres\s/.test(title)
    return isPostmaster || title.startsWith(`postgres: ${cluster.name}: `) ? [{ pid, isPostmaster }] : []
  })
}

function listProcesses(): { pid: number; owner: number; title: string }[] {
  if (process.platform === 'linux') return readdirSync('/proc').flatMap(readProcess)
  if (process.platform === 'win32') return []
  const lines = execFileSync('ps', ['-axo', 'pid=,uid=,command='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [, pid, owner, title] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return pid && owner && title ? [{ pid: Number(pid), owner: Number(owner), title: `${title} ` }] : []
  })
}

/** A zombie's command line is empty, so it is not listed: there is nothing left in it to stop. */
function readProcess(entry: string): { pid: number; owner: number; title: string }[] {
  if (!/^\d+$/.test(entry)) return []
  try {
    const title = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return [{ pid: Number(entry), owner: statSync(`/proc/${entry}`).uid, title }]
  } catch (cause) {
    // It ended between the listing and the reading.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? '')) return []
    throw cause
  }
}
