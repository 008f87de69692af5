import type { OrgId } from '../store/store.ts'
import type { BundleHost, BundleHosts, HostOwner } from './bundle-host.ts'
import { SandboxProcess } from './sandbox-process.ts'

export interface ContainOptions {
  /** Memory of one organization's process, in MB. Its heap may use all but what Node.js itself needs. Default: 512. */
  readonly memoryMb?: number
  /** The longest time of one call, in ms. Default: 5 s. */
  readonly callMs?: number
  /** A process that has had no call for this long, and no run in work, is ended. Default: 60 s. */
  readonly idleMs?: number
  /** Beyond this many processes, those that have had no call for longest are ended, if they have no run in work. Default: 50. */
  readonly processesMax?: number
}

const TICK_MS = 100
/** How long one process too many may be without work: its organization may have a further run. */
const SPARE_MS = 1000

/** Runs the bundles of each organization in a process of its own, which can be ended without harm to anything else. */
export function containBundles(options: ContainOptions = {}): BundleHosts {
  const { memoryMb = 512, callMs = 5000, idleMs = 60_000, processesMax = 50 } = options
  const processes = new Map<OrgId, SandboxProcess>()
  let timer: NodeJS.Timeout | null = null
  let isClosed = false

  /** Ends processes without work that were quiet for this long, those for longest first, until at most `max` are left. */
  const shrink = (max: number, quietMs: number): void => {
    for (const [org, process] of processes) if (process.hasEnded) processes.delete(org)
    if (processes.size <= max) return
    const spare = [...processes].filter(([, process]) => process.quietMs >= quietMs && !process.isBusy() && !process.isHeld())
    spare.sort(([, a], [, b]) => b.quietMs - a.quietMs)
    for (const [org, process] of spare.slice(0, processes.size - max)) {
      process.end('another organization needed its place')
      processes.delete(org)
    }
  }
  // Ticks are counted and not time, so that a process which stood still together with this one is not ended for it.
  const tick = (): void => {
    for (const process of processes.values()) {
      process.tick(TICK_MS)
      if (process.quietMs >= idleMs && !process.isBusy() && !process.isHeld()) process.end('it was idle')
    }
    shrink(processesMax, SPARE_MS)
    if (processes.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
  const processOf = (org: OrgId): SandboxProcess => {
    const known = processes.get(org)
    if (known && !known.hasEnded) return known
    if (isClosed) throw new Error('the engine is closed')
    shrink(processesMax - 1, 0)
    const made = new SandboxProcess({ memoryMb, callMs })
    processes.set(org, made)
    timer ??= setInterval(tick, TICK_MS).unref()
    return made
  }
  return {
    open: (org, code, owner) => openBundle(() => processOf(org), code, owner),
    close: () => {
      isClosed = true
      for (const process of processes.values()) process.end('the engine was closed')
      processes.clear()
      if (timer) clearInterval(timer)
    },
  }
}

/** The process is made, and the code sent to it, with the first call. */
function openBundle(processOf: () => SandboxProcess, code: string, owner: HostOwner): BundleHost {
  let opened: { readonly process: SandboxProcess; readonly name: string } | null = null
  /** The map that the process has. */
  let sent: string | null = null
  const call = async (type: 'activate' | 'validate' | 'describe' | 'locate', text: string): Promise<string> => {
    if (opened === null) {
      const process = processOf()
      opened = { process, name: process.open(code, owner) }
    }
    return opened.process.call({ type, bundle: opened.name, text })
  }
  return {
    activate: async (batch) => JSON.parse(await call('activate', JSON.stringify(batch))),
    validateInputs: async (batch) => JSON.parse(await call('validate', JSON.stringify(batch))),
    describe: async () => JSON.parse(await call('describe', '')),
    locate: async (stacks, map) => {
      const text = JSON.stringify({ stacks, ...(map === sent ? {} : { map }) })
      sent = map
      const located: unknown = JSON.parse(await call('locate', text))
      return Array.isArray(located) && located.every((stack) => typeof stack === 'string') ? located : stacks
    },
    dispose: () => opened?.process.close(opened.name),
  }
}
