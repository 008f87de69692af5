import type {
  AdmittedStart,
  CompanionRow,
  EventRow,
  FinishRow,
  JournalRow,
  JsonText,
  LogRow,
  Message,
  Millis,
  OrgId,
  ProgressRow,
  RunId,
  RunRow,
  RunState,
  Wait,
  WorkerId,
  WorkerInfo,
} from '../store.ts'

/** The one row that changes while a run lives; the rest of its history is only added to. */
export interface Live {
  row: RunRow
  bundle: string
  state: RunState
  /** When waiting: wake no later than this. When gated: not to be admitted before this. */
  at: Millis | null
  /** When ready: the time of that, less the bonus of its priority. When gated: the same, of its start. */
  rank: number
  worker: WorkerId | null
  crashes: number
  wakes: number
  waits: readonly Wait[]
  reason: string | null
  gate: string | null
  pauseRequested: boolean
  nextSeq: number
  base: number
  /** False until a worker first had it: a delayed start is not woken by signals. */
  begun: boolean
  readonly limits: AdmittedStart['concurrency']
  /** Names of the limits it holds. */
  holds: readonly string[]
}

export interface WorkerRow {
  readonly info: WorkerInfo
  readonly registeredAt: Millis
  beatAt: Millis
  fenced: boolean
}

export interface Limit {
  /** As the latest start declared it. */
  declared: number
  /** As an operator set it; wins. */
  override: number | null
  /** How many may hold it: its size, or more while runs still hold it that did when it was made smaller. */
  allowed: number
  readonly holders: Set<RunId>
}

/** What one memory database holds. Keys that start with an org are made by `key`. */
export interface Tables {
  readonly runs: Map<string, RunRow>
  readonly live: Map<string, Live>
  readonly journal: Map<string, JournalRow[]>
  readonly results: Map<string, FinishRow>
  /** Unread messages by run, in the order of their arrival. */
  readonly inbox: Map<string, Message[]>
  /** Ids of all messages a live run was ever sent, read or not. */
  readonly known: Map<string, Set<string>>
  readonly workers: Map<WorkerId, WorkerRow>
  readonly dedupes: Map<string, { readonly run: RunId; readonly until: Millis }>
  readonly debounces: Map<string, { readonly run: RunId; readonly latestAt: Millis }>
  readonly limits: Map<string, Limit>
  /** GCRA: the theoretical arrival time of each rate. */
  readonly rates: Map<string, Millis>
  readonly pausedQueues: Set<string>
  readonly bundles: Map<string, { readonly code: string; readonly manifest: JsonText }>
  readonly defaults: Map<string, string>
  readonly progress: Map<string, ProgressRow>
  readonly logs: LogRow[]
  readonly events: EventRow[]
  readonly companions: CompanionRow[]
  /** Writes for a run by a worker that does not have it: always 0 while fences work (Invariant I5). */
  staleWrites: number
}

/** What an operation works on: the tables, one moment of the database's clock, and a source of randomness. */
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
