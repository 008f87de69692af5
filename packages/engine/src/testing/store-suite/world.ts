import { emptyBatch } from '../../store/empty-batch.ts'
import { seeded } from '../../store/memory/random.ts'
import type {
  AdmittedStart,
  CancelMessage,
  ChildMessage,
  DeliverOutcome,
  FinishRow,
  FlushBatch,
  FlushResult,
  JournalRow,
  Millis,
  OrgId,
  ParkRow,
  RunId,
  RunRow,
  SignalMessage,
  StartRow,
  Store,
  WorkerId,
} from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'

/** The fixture that each store provides to the suite. It is shared by all tests. */
export interface StoreFixture {
  readonly store: Store
  /** Another process's connection to the same database. */
  readonly other: Store
  /** Waits, in the store's own time, until the condition holds. Fails if it does not within seconds. */
  until(condition: () => Promise<boolean>): Promise<void>
  /** Makes every worker's last beat older by this much. */
  ageBeats(ms: number): Promise<void>
  close(): Promise<void>
}

/** One test's part of the database: its own org and queue, and helpers. */
export interface World extends StoreFixture {
  readonly org: OrgId
  readonly queue: string
  /** The database's time at the start of the test. */
  readonly now: Millis
  /** UUIDs v7, in rising order. */
  id(): string
  worker(): Promise<WorkerId>
  row(change?: Partial<RunRow>): RunRow
  start(change?: Partial<StartRow>): StartRow
  admitted(change?: Partial<AdmittedStart>): AdmittedStart
  journal(run: RunId, seq: number, change?: Partial<JournalRow>): JournalRow
  message(run: RunId, change?: Partial<SignalMessage>): SignalMessage
  childEnd(run: RunId, change?: Partial<ChildMessage>): ChildMessage
  cancellation(run: RunId, change?: Partial<CancelMessage>): CancelMessage
  park(run: RunId, change?: Partial<ParkRow>): ParkRow
  finish(run: RunId, change?: Partial<FinishRow>): FinishRow
  flush(worker: WorkerId | null, parts: Partial<FlushBatch>): Promise<FlushResult>
  /** Starts a run that the worker holds at once. */
  running(worker: WorkerId, change?: Partial<StartRow>): Promise<RunId>
  /** Starts a run that waits for a claim. */
  ready(change?: Partial<StartRow>): Promise<RunId>
  /** Claims from the test's queue. Returns the ids in the claim's order. */
  claim(worker: WorkerId, limit?: number): Promise<RunId[]>
  beat(worker: WorkerId, leaseMs?: number): ReturnType<Store['beat']>
  /** Ends a run that no worker holds. */
  terminate(run: RunId, reason?: string): Promise<DeliverOutcome>
  state(run: RunId): Promise<string>
  /** Lets the worker of a run fall silent until `by` has reaped it. Returns how many runs that beat took back. */
  crash(run: RunId, by: WorkerId): Promise<number>
}

const random = seeded(20_260_101)
let count = 0

export async function newWorld(fixture: StoreFixture): Promise<World> {
  const { store } = fixture
  const info = { host: 'test', pid: 1, version: '0', queues: [], slots: 10, steps: [], orgs: null }
  const { now } = await store.register(info)
  const id = (): string => newUuid(now + count++, random)
  const org = id()
  const queue = `queue-${count}`
  const worker = async (): Promise<WorkerId> => (await store.register({ ...info, queues: [queue] })).worker
  const rows = makeRows({ org, queue, now, id })
  const flush = (by: WorkerId | null, parts: Partial<FlushBatch>): Promise<FlushResult> =>
    store.flush({ ...emptyBatch, worker: by, ...parts })
  return {
    ...fixture,
    org,
    queue,
    now,
    id,
    worker,
    ...rows,
    flush,
    running: async (by, change = {}) => {
      const start = rows.start({ state: 'running', ...change })
      await flush(by, { starts: [start] })
      return start.run
    },
    ready: async (change = {}) => {
      const start = rows.start(change)
      await flush(null, { starts: [start] })
      return start.run
    },
    claim: async (by, limit = 100) =>
      (await store.claim({ worker: by, queues: [queue], orgs: null, limit })).runs.map((claimed) => claimed.run),
    beat: (by, leaseMs = 600_000) => store.beat(by, { leaseMs, queues: [queue], idle: [] }),
    terminate: (run, reason = 'stop') => store.deliver({ org, run, id: id(), kind: 'terminate', reason }),
    state: async (run) => (await store.live(org, run))?.state ?? (await store.result(org, run))?.status ?? 'unknown',
    crash: async (run, by) => {
      let reaped = 0
      // A reaper that was silent for its own lease reaps none, and on a busy machine a call takes long.
      let leaseMs = 20
      await fixture.until(async () => {
        const beat = await store.beat(by, { leaseMs, queues: [queue], idle: [] })
        leaseMs = Math.min(leaseMs * 1.2, 2000)
        reaped += beat.reaped
        return (await store.live(org, run))?.state !== 'running'
      })
      return reaped
    },
  }
}

type Builders = Pick<World, 'row' | 'start' | 'admitted' | 'journal' | 'message' | 'childEnd' | 'cancellation' | 'park' | 'finish'>

function makeRows({ org, queue, now, id }: Pick<World, 'org' | 'queue' | 'now' | 'id'>): Builders {
  const row = (change: Partial<RunRow> = {}): RunRow => {
    const run = change.run ?? id()
    const names = { workflow: 'order', bundle: 'bundle-1', queue, priority: 'normal', input: '{"n":1}', authority: null, tags: [] } as const
    return { org, run, ...names, createdAt: now, parent: null, origin: null, seed: run, keys: run, clockAt: now, deadline: null, ...change }
  }
  const answer = { cmd: 1, input: '1', output: '2', error: null, attempt: 1, startedAt: now, at: now } as const
  const parked = { wakes: 0, at: null, waits: [{ type: 'signal', name: 'go', until: null }], reason: null, nextSeq: 1, base: 0 } as const
  const none = { dedupe: null, debounce: null, concurrency: [], rate: null }
  return {
    row,
    start: (change = {}) => ({ state: 'ready', at: null, ...row(change), ...change }),
    admitted: (change = {}) => ({ at: null, ...none, ...row(change), ...change }),
    journal: (run, seq, change = {}) => ({ org, run, seq, kind: 'step', name: 'charge', ...answer, ...change }),
    message: (run, change = {}) => ({ org, run, id: id(), kind: 'signal', name: 'go', payload: '1', ...change }),
    childEnd: (run, change = {}) => ({ org, run, id: id(), kind: 'child', cmd: 1, child: id(), output: '1', error: null, ...change }),
    cancellation: (run, change = {}) => ({ org, run, id: id(), kind: 'cancel', reason: 'not wanted', ...change }),
    park: (run, change = {}) => ({ org, run, state: 'waiting', ...parked, ...change }),
    finish: (run, change = {}) => ({
      org,
      run,
      status: 'succeeded',
      output: '"done"',
      error: null,
      at: now,
      holds: false,
      children: null,
      ...change,
    }),
  }
}
