import type { Clock } from '../../clock.ts'
import type { Hint, Notifier, Store, WorkerId } from '../store.ts'
import { Ambiguous } from '../store-errors.ts'
import { type Faults, noFault } from './faults.ts'
import { createOperations, type Operations } from './operations.ts'
import { seeded } from './random.ts'
import { newTables, type Tables } from './tables.ts'
import { fence } from './workers.ts'

/** The lease by which the runs of a worker that a fault fences are put off. */
const FAULT_LEASE_MS = 5000

export interface MemoryOptions {
  /** The clock of the simulated database. */
  readonly clock: Clock
  /** Uniform in [0, 1). Absent: a fixed sequence. */
  readonly random?: () => number
  /** Absent: nothing fails and every call returns at once. */
  readonly faults?: Faults
  /** False disables the fence, so that a test can prove that it would notice. */
  readonly fencing?: boolean
}

export type MemoryStore = Store & { readonly notifier: Notifier }

export interface MemoryDatabase {
  readonly tables: Tables
  /** The connection of one process. Results and hints arrive on that process's own clock, which may stop. */
  connect(clock?: Clock): MemoryStore
}

/** A store for one process. */
export function createMemoryStore(options: MemoryOptions): MemoryStore {
  return createMemoryDatabase(options).connect()
}

/**
 * A database shared by several processes. Every operation is atomic, like a transaction of the PostgreSQL store. A host's transactions
 * (`tx`) do not exist here and are ignored.
 */
export function createMemoryDatabase(options: MemoryOptions): MemoryDatabase {
  const tables = newTables()
  const random = options.random ?? seeded(1)
  const board: Board = new Set()
  return {
    tables,
    connect: (clock = options.clock) => {
      const now = (): number => options.clock.now()
      const operations = createOperations({ tables, now, random, fencing: options.fencing ?? true })
      const call = createCaller({ operations, database: options.clock, process: clock, faults: options.faults ?? null, doFence })
      return { ...promised(operations, call), close: async () => {}, notifier: createNotifier(board, clock, options) }
    },
  }
  function doFence(worker: WorkerId): void {
    fence({ tables, now: options.clock.now(), random }, worker, FAULT_LEASE_MS)
  }
}

type Caller = (method: string, worker: WorkerId | null, operation: () => unknown) => Promise<unknown>

interface CallerOptions {
  readonly operations: Operations
  readonly database: Clock
  readonly process: Clock
  readonly faults: Faults | null
  readonly doFence: (worker: WorkerId) => void
}

function createCaller({ database, process, faults, doFence }: CallerOptions): Caller {
  if (faults === null) return async (_method, _worker, operation) => operation()
  return (method, worker, operation) =>
    new Promise((resolve, reject) => {
      const fault = faults.call(method) ?? noFault
      const answer = (settle: () => void): void => void process.setTimeout(settle, fault.afterMs)
      const broken = (): void => reject(new Ambiguous(`the connection broke ${fault.broken} ${method}`))
      database.setTimeout(() => {
        if (fault.broken === 'before') return answer(broken)
        if (fault.fence && worker !== null) doFence(worker)
        try {
          const result = operation()
          answer(fault.broken === 'after' ? broken : () => resolve(result))
        } catch (error) {
          answer(fault.broken === 'after' ? broken : () => reject(error))
        }
      }, fault.beforeMs)
    })
}

function promised(operations: Operations, call: Caller): Omit<Store, 'close' | 'transact'> {
  const methods = Object.entries(operations).map(([method, operation]) => {
    const run = operation as (...args: readonly unknown[]) => unknown
    return [method, (...args: readonly unknown[]) => call(method, callingWorker(args[0]), () => run(...args))]
  })
  // Each method keeps its arguments and returns a promise of its result: the inverse of `Operations`.
  return Object.fromEntries(methods) as Omit<Store, 'close' | 'transact'>
}

/** The worker that makes the call: the first argument, or its `worker` field. */
function callingWorker(first: unknown): WorkerId | null {
  if (typeof first === 'string') return first
  if (typeof first !== 'object' || first === null || !('worker' in first)) return null
  return typeof first.worker === 'string' ? first.worker : null
}

type Board = Set<{ readonly clock: Clock; readonly handler: (hint: Hint) => void }>

function createNotifier(board: Board, clock: Clock, { faults }: MemoryOptions): Notifier {
  const mine: Board = new Set()
  return {
    send: (hint) => {
      for (const listener of board) {
        const fault = faults?.hint(hint) ?? { lost: false, delayMs: 0 }
        if (fault.lost) continue
        const arrive = (): unknown => board.has(listener) && listener.handler(hint)
        listener.clock.setTimeout(arrive, fault.delayMs)
        if (fault.repeatMs !== undefined) listener.clock.setTimeout(arrive, fault.delayMs + fault.repeatMs)
      }
    },
    listen: (handler) => {
      const listener = { clock, handler }
      board.add(listener)
      mine.add(listener)
      return () => void board.delete(listener)
    },
    close: async () => {
      for (const listener of mine) board.delete(listener)
    },
  }
}
