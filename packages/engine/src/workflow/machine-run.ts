import type { CancelledError } from './errors.ts'
import type { Command, Completion, Failure, Json, RunInfo } from './protocol.ts'
import { createSeededRandom, type SeededRandom } from './seeded-random.ts'

/** A region of a workflow that is cancelled as one. Scopes know only their parents, so there is no second structure to keep consistent. */
export interface CancelScope {
  readonly run: MachineRun
  readonly parent: CancelScope | null
  /** A cancellation from outside this scope does not reach it. */
  readonly shielded: boolean
  cancelled: CancelledError | null
}

/** An issued command whose outcome has not been delivered yet. */
export interface PendingCommand {
  readonly cmd: number
  readonly scope: CancelScope
  resolve(value: Json): void
  reject(error: Error): void
  /** Makes the error that the workflow sees when this command fails. */
  readonly toError: (failure: Failure) => Error
}

/** The machine's state of one run. It is only in memory; the journal is the source of truth. */
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
  /** Commands issued since the last reaction. */
  commands: Command[]
  outcome: Completion | null
  /** The completion has been reported; nothing that happens later counts. */
  reported: boolean
  /** The completion waits until no shield is in progress. */
  shields: number
  cancelRequest: { readonly reason: string; readonly timedOut: boolean } | null
  readonly patches: Map<string, boolean>
  readonly queries: Map<string, (args: never) => unknown>
  /** A query is being answered: nothing may change until its reaction is collected. */
  answering: boolean
  /** Unhandled rejections that have been logged. */
  readonly loggedRejections: Set<unknown>
}

export function createMachineRun(id: string, info: RunInfo, seed: string, patches: readonly string[]): MachineRun {
  const run: MachineRun = {
    id,
    info,
    // The root's `run` closes the cycle below; nothing reads it before.
    root: undefined as never,
    random: createSeededRandom(seed),
    at: 0,
    replaying: false,
    lastCmd: 0,
    open: new Map(),
    commands: [],
    outcome: null,
    reported: false,
    shields: 0,
    cancelRequest: null,
    patches: new Map(patches.map((patch) => [patch, true])),
    queries: new Map(),
    answering: false,
    loggedRejections: new Set(),
  }
  return Object.assign(run, { root: { run, parent: null, shielded: false, cancelled: null } })
}

/** A query must change nothing, or queried runs would differ from others. */
export function refuseInQuery(run: MachineRun, what: string): void {
  if (run.answering) throw new TypeError(`a query handler may not use ${what}; it only looks`)
}

export function logTo(run: MachineRun, level: 'debug' | 'info' | 'warn' | 'error', message: string, data: Json | null): void {
  // A replay must not repeat logs.
  if (!run.replaying && !run.reported && !run.answering) run.commands.push({ type: 'log', level, message, data })
}
