import type {
  AdmittedStart,
  CompanionRow,
  EventRow,
  FinishRow,
  JournalRow,
  LogRow,
  Message,
  Millis,
  OrgId,
  ProgressRow,
  RunId,
  RunRow,
  RunState,
  StoredBundle,
  Wait,
  WorkerId,
  WorkerInfo,
} from '../store.ts'

/** The only row of a run that changes while it lives. The rest of its history is append-only. */
export interface Live {
  row: RunRow
  bundle: string
  state: RunState
  /** Of a waiting run: wake it no later than this. Of a gated run: do not admit it before this. */
  at: Millis | null
  /** Of a ready run: when it became ready, less the bonus of its priority. Of a gated run: when it started, less the same bonus. */
  rank: number
  worker: WorkerId | null
  /** The workers lost with it since it made progress. */
  lostBy: readonly WorkerId[]
  wakes: number
  waits: readonly Wait[]
  reason: string | null
  gate: string | null
  pauseRequested: boolean
  nextSeq: number
  base: number
  /** False until a worker has held the run. Signals do not wake a delayed start. */
  begun: boolean
  readonly limits: AdmittedStart['concurrency']
  /** Names of the limits that it holds. */
  holds: readonly string[]
}

export interface WorkerRow {
  readonly info: WorkerInfo
  readonly registeredAt: Millis
  beatAt: Millis
  /** What it asked for with its last beat. */
  leaseMs: number
  idle: ReadonlySet<RunId>
  fenced: boolean
}

export interface Limit {
  /** The size that the latest start declared. */
  declared: number
  /** The size that an operator set. Takes precedence. */
  override: number | null
  /** How many runs may hold it: its size, or more while runs still hold it from before it was made smaller. */
  allowed: number
  readonly holders: Set<RunId>
}

/** The content of one memory database. `key` makes the keys that start with an org. */
export interface Tables {
  readonly runs: Map<string, RunRow>
  readonly live: Map<string, Live>
  readonly journal: Map<string, JournalRow[]>
  readonly results: Map<string, FinishRow>
  /** Unread messages by run, in the order of arrival. */
  readonly inbox: Map<string, Message[]>
  /** Ids of all messages that a live run was ever sent, read or not. */
  readonly known: Map<string, Set<string>>
  readonly workers: Map<WorkerId, WorkerRow>
  readonly dedupes: Map<string, { readonly run: RunId; readonly until: Millis }>
  readonly debounces: Map<string, { readonly run: RunId; readonly latestAt: Millis }>
  readonly limits: Map<string, Limit>
  /** GCRA: the theoretical arrival time of each rate. */
  readonly rates: Map<string, Millis>
  readonly pausedQueues: Set<string>
  readonly bundles: Map<string, StoredBundle>
  readonly defaults: Map<string, string>
  readonly progress: Map<string, ProgressRow>
  readonly logs: LogRow[]
  readonly events: EventRow[]
  readonly companions: CompanionRow[]
  /** Writes to a run by a worker that does not hold it. Always 0 while the fence works (Invariant I5). */
  staleWrites: number
}

/** The context of an operation: the tables, one reading of the database's clock, and a source of randomness. */
export interface Session {
  readonly tables: Tables
  readonly now: Millis
  readonly random: () => number
}

export function newTables(): Tables {
  return {
    runs: new Map(),
    live: new Map(),
    journal: new Map(),
    results: new Map(),
    inbox: new Map(),
    known: new Map(),
    workers: new Map(),
    dedupes: new Map(),
    debounces: new Map(),
    limits: new Map(),
    rates: new Map(),
    pausedQueues: new Set(),
    bundles: new Map(),
    defaults: new Map(),
    progress: new Map(),
    logs: [],
    events: [],
    companions: [],
    staleWrites: 0,
  }
}

export function key(org: OrgId, ...rest: readonly (string | number)[]): string {
  return rest.length === 1 ? `${org}/${rest[0]}` : [org, ...rest].join('/')
}
