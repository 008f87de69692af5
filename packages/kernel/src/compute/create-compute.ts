/**
 * Computes over what strangers send, in other processes: a regular expression, a schema or a rule of one organization must not delay the
 * requests of others. Each organization has one computation at a time and a queue; organizations take turns. A computation that uses more than its
 * processor time or its memory ends with its process, and another takes its place. docs/decisions/0033-computing-in-processes.md
 */
import { availableParallelism } from 'node:os'
import { problem } from '@orrery/contract'
import type { Computation } from './computation.ts'
import { type Computed, ComputeProcess } from './compute-process.ts'
import { OrgQueue, type Pending } from './org-queue.ts'

export interface Compute {
  /**
   * Runs a computation for an organization (a UUID).
   * @param holdsTransaction the caller keeps a transaction open meanwhile. Connections are few, so a slow organization gets few of these
   * @throws rate_limited if too many computations of the organization wait, or this one for too long; the ProblemError of the computation
   */
  run<Input, Output>(
    org: string,
    computation: Computation<Input, Output>,
    input: Input,
    holdsTransaction: boolean,
  ): Promise<Computed<Output>>
  /** Ends all processes. Computations that have not ended are refused. */
  stop(): void
}

export interface ComputeOptions {
  readonly processesMax?: number
  /** Heap of one process. */
  readonly memoryMbMax?: number
}

/** At least two, so that one organization never has all. */
const PROCESSES_MAX = Math.max(2, Math.min(4, 2 * availableParallelism()))
const MEMORY_MB_MAX = 512
/** A process without work ends after this time, and its memory is free again. */
const IDLE_MS = 60_000

export function createCompute({ processesMax = PROCESSES_MAX, memoryMbMax = MEMORY_MB_MAX }: ComputeOptions = {}): Compute {
  // In the order of their turns.
  const queues = new Map<string, OrgQueue>()
  const pool = createPool(processesMax, memoryMbMax)
  let isStopped = false

  /** The next organization. Those that are slow leave half of the processes to others; those that want nothing are forgotten. */
  const choose = (): [string, OrgQueue] | undefined => {
    for (const [org, queue] of queues) if (queue.isIdle()) queues.delete(org)
    const slowRunning = [...queues.values()].filter((queue) => queue.isRunning && queue.isSlow()).length
    const isFullOfSlow = slowRunning >= Math.floor(processesMax / 2)
    return [...queues].find(([, queue]) => !queue.isRunning && queue.waiting.length > 0 && !(isFullOfSlow && queue.isSlow()))
  }

  const startWaiting = (): void => {
    for (let next = choose(); next !== undefined && !isStopped; next = choose()) {
      const [org, queue] = next
      const worker = pool.take(org)
      if (worker === undefined) return
      const pending = queue.take()
      if (pending === undefined) {
        pool.giveBack(worker, org)
        continue
      }
      queues.delete(org)
      queues.set(org, queue)
      void perform(org, queue, worker, pending)
    }
  }

  const perform = async (org: string, queue: OrgQueue, worker: ComputeProcess, pending: Pending): Promise<void> => {
    await worker.perform(pending, () => queue.markSlow()).then(pending.resolve, pending.reject)
    queue.isRunning = false
    pool.giveBack(worker, org)
    startWaiting()
  }

  return {
    run<Input, Output>(org: string, computation: Computation<Input, Output>, input: Input, holdsTransaction: boolean) {
      return new Promise<Computed<Output>>((resolve, reject) => {
        if (isStopped) return reject(stopping())
        const queue = queues.get(org) ?? new OrgQueue()
        queues.set(org, queue)
        const untyped = computation as Computation<never, unknown>
        queue.add({ computation: untyped, input, holdsTransaction, resolve: resolve as Pending['resolve'], reject })
        startWaiting()
      })
    },
    stop() {
      isStopped = true
      pool.stop()
      for (const { waiting } of queues.values()) for (const { reject } of waiting.splice(0)) reject(stopping())
    },
  }
}

const stopping = () => problem('unavailable', 'The server is stopping.')

interface Idle {
  readonly worker: ComputeProcess
  /** The organization that it worked for, whose schemas and calendars it still has. */
  readonly org: string
  readonly timer: NodeJS.Timeout
}

function createPool(processesMax: number, memoryMbMax: number) {
  const processes = new Set<ComputeProcess>()
  const idle: Idle[] = []
  const end = (worker: ComputeProcess): void => {
    processes.delete(worker)
    worker.stop()
  }
  return {
    /** Undefined: all processes are busy. */
    take(org: string): ComputeProcess | undefined {
      for (;;) {
        const at = idle.findIndex((one) => one.org === org)
        const [found] = idle.splice(at < 0 ? idle.length - 1 : at, 1)
        if (found === undefined) break
        clearTimeout(found.timer)
        if (!found.worker.isOver) return found.worker
        end(found.worker)
      }
      if (processes.size >= processesMax) return undefined
      const made = new ComputeProcess(memoryMbMax)
      processes.add(made)
      return made
    },
    giveBack(worker: ComputeProcess, org: string): void {
      if (worker.isOver) return end(worker)
      const timer = setTimeout(() => {
        idle.splice(idle.indexOf(one), 1)
        end(worker)
      }, IDLE_MS).unref()
      const one: Idle = { worker, org, timer }
      idle.push(one)
    },
    stop(): void {
      for (const { timer } of idle.splice(0)) clearTimeout(timer)
      for (const worker of processes) worker.stop()
    },
  }
}
