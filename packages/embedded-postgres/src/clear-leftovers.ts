/**
 * Processes that an earlier server left behind: if the parent is killed with -9, the whole server remains; if the postmaster is, its
 * backends finish their statements. This process holds the folder's lock, so no other process uses them: it stops them, and the new server
 * recovers. (Adopting them would mean supervising a process that is not a child, whose end is not reported.)
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'

const FAST_SHUTDOWN_MS = 15_000
const IMMEDIATE_SHUTDOWN_MS = 5_000
const POLL_MS = 20

type Log = (message: string) => void

/** Stops all of them. Afterwards no process uses this data folder, and no file in it says otherwise. */
export async function clearLeftovers(cluster: Cluster, log: Log): Promise<void> {
  const found = findProcesses(cluster)
  if (found.length > 0) log(`stopping ${found.length} PostgreSQL process(es) that an earlier server left on ${cluster.data}`)
  const begun = performance.now()
  let sent: NodeJS.Signals | undefined
  for (let left = found; left.length > 0; left = findProcesses(cluster)) {
    const waitedMs = performance.now() - begun
    const due = waitedMs < FAST_SHUTDOWN_MS ? 'SIGINT' : waitedMs < FAST_SHUTDOWN_MS + IMMEDIATE_SHUTDOWN_MS ? 'SIGQUIT' : 'SIGKILL'
    if (due !== sent) for (const process of left) signal(process.pid, firstSignal(process, left, due))
    sent = due
    await delay(POLL_MS)
  }
  // PostgreSQL takes a zombie, or an unrelated process that reuses the id, for a running server. The check above is more
  // reliable, so the file is deleted.
  rmSync(join(cluster.data, 'postmaster.pid'), { force: true })
  for (const name of readdirSync(cluster.data)) if (name.startsWith('.s.PGSQL.')) rmSync(join(cluster.data, name), { force: true })
}

interface Leftover {
  readonly pid: number
  readonly isPostmaster: boolean
}

/** A postmaster stops its children itself. Backends without one get SIGQUIT, as the postmaster would have sent them. */
function firstSignal(process: Leftover, all: readonly Leftover[], due: NodeJS.Signals): NodeJS.Signals {
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

/** Recognized by the cluster's name in their titles. The owner must match, so that another user cannot fake such a process. */
function findProcesses(cluster: Cluster): Leftover[] {
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

/** A zombie has an empty command line and is not listed: there is nothing to stop. */
function readProcess(entry: string): { pid: number; owner: number; title: string }[] {
  if (!/^\d+$/.test(entry)) return []
  try {
    const title = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return [{ pid: Number(entry), owner: statSync(`/proc/${entry}`).uid, title }]
  } catch (cause) {
    // The process ended after it was listed.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? '')) return []
    throw cause
  }
}
