import type { CancelledError } from './errors.ts'
import type { Command, Completion, Failure, Json, RunInfo } from './protocol.ts'
import { createSeededRandom, type SeededRandom } from './seeded-random.ts'

/** A region of a workflow that is cancelled as one. The parents' chain is the whole structure: nothing has to be kept in step. */
export interface CancelScope {
  readonly run: MachineRun
  readonly parent: CancelScope | null
  /** Cancellation from above stops here. */
  readonly shielded: boolean
  cancelled: CancelledError | null
}

/** A command whose outcome the workflow waits for. */
export interface PendingCommand {
  readonly cmd: number
  readonly scope: CancelScope
  resolve(value: Json): void
  reject(error: Error): void
  /** The error that the workflow sees for a failure of this command. */
  readonly toError: (failure: Failure) => Error
}

/** All that the machine knows of one run. Lives in memory only; the journal is the truth. */
export interface MachineRun {
  readonly id: string
  readonly info: RunInfo
  readonly root: CancelScope
  readonly random: SeededRandom
  /** The run's clock, ms since the epoch. */
  at: number
  replaying: boolean
  lastCmd: number
  readonly open: Map<number, PendingCommand>
  /** Issued since the last reaction. */
  commands: Command[]
  outcome: Completion | null
  /** The completion has been reported; nothing that happens later counts. */
  told: boolean
  /** Shields in progress hold the completion back. */
  shields: number
  cancelRequest: { readonly reason: string; readonly timedOut: boolean } | null
  readonly patches: Map<string, boolean>
  readonly queries: Map<string, (args: never) => unknown>
  /** A query is being answered: nothing may change until its reaction is collected. */
  answering: boolean
  /** Unhandled rejections that were logged already. */
  readonly reported: Set<unknown>
}

export function createMachineRun(id: string, info: RunInfo, seed: string, patches: readonly string[]): MachineRun {
  const run: MachineRun = {
    id,
    info,
    // The root's `run` closes the circle below; nothing reads it before.
    root: undefined as never,
    random: createSeededRandom(seed),
    at: 0,
    replaying: false,
    lastCmd: 0,
    open: new Map(),
    commands: [],
    outcome: null,
    told: false,
    shields: 0,
    cancelRequest: null,
    patches: new Map(patches.map((patch) => [patch, true])),
    queries: new Map(),
    answering: false,
    reported: new Set(),
  }
  return Object.assign(run, { root: { run, parent: null, shielded: false, cancelled: null } })
}

/** A question must leave no trace, or the runs that were asked would differ from those that were not. */
export function refuseInQuery(run: MachineRun, what: string): void {
  if (run.answering) throw new TypeError(`a query handler may not use ${what}; it only looks`)
}

export function logTo(run: MachineRun, level: 'debug' | 'info' | 'warn' | 'error', message: string, data: Json | null): void {
  // What was said once is not said again when history is repeated.
  if (!run.replaying && !run.told && !run.answering) run.commands.push({ type: 'log', level, message, data })
}
