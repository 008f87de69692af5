import fc from 'fast-check'
import { emptyBatch } from '../../store/empty-batch.ts'
import type { AdmittedStart, FlushBatch, FlushResult, Message, RunId, Store, WorkerId } from '../../store/store.ts'
import type { Pair, Side } from './pair.ts'

/** One operation on both stores. Afterwards the live runs are compared, and everything stored of `run`. */
export interface Operation {
  readonly run: RunId | null
  readonly act: (store: Store, side: Side) => Promise<unknown>
}

/** Null: the operation is impossible in the current state. `pick` chooses among existing items. */
type Plan = (pair: Pair, pick: number, option: number) => Promise<Operation | null>

const HOUR = 3_600_000
/** Of a worker that may be silent for the whole suite. */
const LONG_MS = 24 * HOUR
const priorities = ['low', 'normal', 'high', 'urgent'] as const
const policies = ['queue', 'cancel_in_progress', 'cancel_newest'] as const
/** Each action takes one by its number, so that a replaced or copied run shows whose it has. */
const authorities = [null, { scopes: ['a'], grants: {} }, { scopes: [], grants: { tool: ['b', 'c'] } }] as const
const closings = ['cancel', 'terminate', 'abandon'] as const
const parkStates = ['waiting', 'paused', 'blocked', 'ready'] as const

function at<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(1, list.length)]
}

/** A run held by a live worker, that worker's number, and the run's next seq, read from the memory store. */
async function heldRun(pair: Pair, pick: number): Promise<{ run: RunId; worker: number; nextSeq: number } | null> {
  const live = (await pair.stores.memory.liveRuns(pair.org, null, null, 1000)).filter((row) => row.state === 'running')
  const row = at(live, pick)
  if (row === undefined) return null
  const rows = await pair.stores.memory.history(pair.org, row.run, 0)
  return { run: row.run, worker: pair.workers.findIndex((worker) => worker.memory === row.worker), nextSeq: (rows.at(-1)?.seq ?? 0) + 1 }
}

function flush(pair: Pair, worker: number | null, parts: Partial<FlushBatch>): Operation['act'] {
  return async (store, side) => {
    const by = worker === null ? null : (pair.workers[worker]?.[side] ?? null)
    return sorted(await store.flush({ ...emptyBatch, worker: by, ...parts }))
  }
}

/** The order of lists in a flush's result is not defined. */
function sorted({ kept, readied, poked }: FlushResult) {
  const byRun = (a: { run: string }, b: { run: string }): number => (a.run < b.run ? -1 : 1)
  return { kept: [...kept].sort(), readied: [...readied].sort(byRun), poked: [...poked].sort(byRun) }
}

async function start(pair: Pair, pick: number, option: number): Promise<Operation> {
  const again = option % 7 === 6 ? at(pair.runs, pick) : undefined
  const priority = priorities[pick % 4] ?? 'normal'
  const time = [null, null, pair.now + HOUR, pair.now - HOUR / 12 + pair.runs.length][option % 4] ?? null
  const worker = pick % 3 === 0 && pair.workers.length > 0 ? pick % pair.workers.length : null
  const state = time !== null ? 'waiting' : worker === null ? 'ready' : 'running'
  const authority = authorities[option % 3] ?? null
  const row = pair.start({ run: again ?? pair.id(), priority, state, at: time, authority })
  if (again === undefined) pair.runs.push(row.run)
  return { run: row.run, act: flush(pair, worker, { starts: [row] }) }
}

async function startAdmitted(pair: Pair, pick: number, option: number): Promise<Operation> {
  const again = option % 11 === 10 ? at(pair.runs, pick) : undefined
  const limit = { limit: `limit-${pick % 2}`, max: 1 + (pick % 2), onFull: policies[option % 3] ?? 'queue' }
  const second = { limit: 'limit-2', max: 2, onFull: 'queue' } as const
  const change: Partial<AdmittedStart> = {
    run: again ?? pair.id(),
    priority: priorities[option % 4] ?? 'normal',
    authority: authorities[pick % 3] ?? null,
    at: option % 5 === 4 ? pair.now + HOUR : null,
    concurrency: pick % 5 === 0 ? [] : pick % 5 === 1 ? [limit, second] : [limit],
    dedupe: option % 4 === 1 ? { key: `key-${pick % 2}`, windowMs: HOUR, reuse: pick % 3 ? 'after_failure' : 'never' } : null,
    debounce: option % 6 === 2 ? { key: `key-${pick % 2}`, delayMs: HOUR, maxDelayMs: pick % 2 ? 2 * HOUR : null } : null,
    rate: option % 6 === 5 ? { limit: 'rate', max: 1, periodMs: HOUR } : null,
    parent: await parentOf(pair, pick, option),
    deadline: option % 7 === 3 ? pair.now - 1 : null,
  }
  const row = pair.admitted(change)
  if (again === undefined) pair.runs.push(row.run)
  return { run: row.run, act: (store) => store.startAdmitted(row) }
}

/** A run that a worker holds, as only those start children, with each way to close them. */
async function parentOf(pair: Pair, pick: number, option: number): Promise<AdmittedStart['parent']> {
  const found = option % 3 === 0 ? await heldRun(pair, option) : null
  return found === null ? null : { run: found.run, cmd: 1 + (pick % 3), close: closings[pick % 3] ?? 'cancel' }
}

/** Claims all claimable runs, because the order of two runs that became ready at the same moment is not defined. */
async function claim(pair: Pair, pick: number): Promise<Operation | null> {
  const worker = at(pair.workers, pick)
  if (worker === undefined) return null
  const byRun = (a: { run: string }, b: { run: string }): number => (a.run < b.run ? -1 : 1)
  const act: Operation['act'] = async (store, side) => {
    const request = { worker: worker[side], queues: [pair.queue], orgs: null, limit: 1000 }
    const { runs, readied } = await store.claim(request)
    return { runs: [...runs].sort(byRun), readied }
  }
  return { run: null, act }
}

async function journal(pair: Pair, pick: number, option: number): Promise<Operation | null> {
  const found = await heldRun(pair, pick)
  if (found === null) return null
  const seq = found.nextSeq - (option % 9 === 8 && found.nextSeq > 1 ? 1 : 0)
  const generation = option % 5 === 4 ? ({ kind: 'generation', cmd: 0, name: '1', input: null } as const) : { cmd: seq }
  return { run: found.run, act: flush(pair, found.worker, { journal: [pair.journal(found.run, seq, generation)] }) }
}

async function finish(pair: Pair, pick: number, option: number): Promise<Operation | null> {
  const found = await heldRun(pair, pick)
  if (found === null) return null
  const error = { name: 'Error', message: 'x', kind: 'error' } as const
  const failed = option % 2 ? ({ status: 'failed', output: null, error } as const) : {}
  const row = pair.finish(found.run, { holds: true, children: [], ...failed })
  return {
    run: found.run,
    act: flush(pair, found.worker, { finishes: [row], journal: [pair.journal(found.run, found.nextSeq, { cmd: found.nextSeq })] }),
  }
}

async function park(pair: Pair, pick: number, option: number): Promise<Operation | null> {
  const found = await heldRun(pair, pick)
  if (found === null) return null
  const { run, worker, nextSeq } = found
  const state = parkStates[option % 4] ?? 'waiting'
  const waits = state === 'waiting' ? [{ type: 'signal', name: 'go', until: null } as const] : []
  const change = { state, waits, nextSeq, reason: state === 'blocked' ? 'x' : null, at: option % 3 ? pair.now + HOUR : null }
  const seen = option % 5 === 4 ? -1 : null
  const act: Operation['act'] = async (store, side) => {
    const wakes = seen ?? (await store.inbox(pair.org, run))?.wakes ?? -1
    return flush(pair, worker, { parks: [pair.park(run, { ...change, wakes })] })(store, side)
  }
  return { run, act }
}

function newMessage(pair: Pair, run: RunId, option: number): Message {
  const id = pair.id()
  if (option % 4 === 2) return pair.childEnd(run, { id, child: run, output: `${option}` })
  if (option % 4 === 3) return pair.cancellation(run, { id })
  return pair.message(run, { id, payload: `${option}` })
}

async function send(pair: Pair, pick: number, option: number): Promise<Operation | null> {
  const run = at(pair.runs, pick)
  if (run === undefined) return null
  const again = option % 5 === 4 ? at(pair.messages, pick) : undefined
  const message = again ?? newMessage(pair, run, option)
  if (again === undefined) pair.messages.push(message)
  if (option % 2) return { run: message.run, act: (store) => store.deliver(message) }
  return { run: message.run, act: flush(pair, null, { messages: [message] }) }
}

async function terminate(pair: Pair, pick: number): Promise<Operation | null> {
  const run = at(pair.runs, pick)
  if (run === undefined) return null
  const order = { org: pair.org, run, id: pair.id(), kind: 'terminate', reason: 'x' } as const
  return { run, act: (store) => store.deliver(order) }
}

async function receive(pair: Pair, pick: number): Promise<Operation | null> {
  const found = await heldRun(pair, pick)
  const own = found && pair.messages.find((message) => message.run === found.run)
  if (!found || !own) return null
  return { run: found.run, act: flush(pair, found.worker, { received: [{ org: pair.org, run: found.run, id: own.id }] }) }
}

async function fork(pair: Pair, pick: number, option: number): Promise<Operation | null> {
  const source = at(pair.runs, pick)
  if (source === undefined) return null
  const target = pair.row({ run: pair.id(), bundle: 'bundle-2', authority: authorities[option % 3] ?? null })
  pair.runs.push(target.run)
  const edits = new Map([[1 + (option % 3), { output: '"edited"' }]])
  return { run: target.run, act: (store) => store.fork({ org: pair.org, run: source, beforeSeq: 1 + (option % 5) }, target, edits) }
}

async function register(pair: Pair): Promise<Operation> {
  await addWorker(pair)
  return { run: null, act: async () => null }
}

const info = (pair: Pair) => ({ host: 'h', pid: 1, version: '0', queues: [pair.queue], slots: 1, steps: [], orgs: null })

async function addWorker(pair: Pair): Promise<Readonly<Record<Side, WorkerId>>> {
  const [memory, postgres] = [await pair.stores.memory.register(info(pair)), await pair.stores.postgres.register(info(pair))]
  const worker = { memory: memory.worker, postgres: postgres.worker }
  for (const side of ['memory', 'postgres'] as const) await pair.stores[side].beat(worker[side], { leaseMs: LONG_MS, queues: [], idle: [] })
  pair.workers.push(worker)
  return worker
}

/** After six a run is blocked; after five without the one that returns, it is not. */
const LOSSES = [1, 2, 3, 5, 6, 6, 7, 8]

/**
 * Several workers, one after another, claim all runs and fall silent: first one that may hold runs already. The beats of a last one hand the
 * runs on. Perhaps one of the silent workers returns.
 */
async function loseWorkers(pair: Pair, pick: number, option: number): Promise<Operation> {
  const known = at(pair.workers, pick)
  const lost = known === undefined ? [] : [known]
  while (lost.length < (at(LOSSES, option) ?? 1)) lost.push(await addWorker(pair))
  const reaper = await addWorker(pair)
  const idle = pair.runs.filter((_, index) => index % 3 === pick % 3)
  const act: Operation['act'] = async (store, side) => {
    const answers: unknown[] = []
    for (const worker of lost) {
      // Without a lease, it has been silent for too long at once.
      const { alive } = await store.beat(worker[side], { leaseMs: 0, queues: [], idle: pick % 4 === 1 ? idle : [] })
      if (!alive) continue
      const { runs: claimed } = await store.claim({ worker: worker[side], queues: [pair.queue], orgs: null, limit: 1000 })
      answers.push(claimed.map(({ run, crashes }) => `${run} ${crashes}`).sort())
      await reap(pair, store, worker[side], reaper[side])
    }
    if (pick % 2 === 0) answers.push(await store.retire(at(lost, pick)?.[side] ?? ''))
    return answers
  }
  return { run: null, act }
}

/** A reaper that was silent itself tries again. */
async function reap(pair: Pair, store: Store, worker: WorkerId, reaper: WorkerId): Promise<void> {
  const isHeld = async () => (await store.liveRuns(pair.org, null, null, 1000)).some((live) => live.worker === worker)
  for (let tries = 0; tries < 20 && (tries === 0 || (await isHeld())); tries++) {
    await pair.clock.advance(1)
    await store.beat(reaper, { leaseMs: LONG_MS, queues: [], idle: [] })
    await store.beat(reaper, { leaseMs: 0, queues: [], idle: [] })
    await pair.clock.advance(1)
  }
}

const onWorker = (use: (store: Store, worker: string, pair: Pair) => Promise<unknown>): Plan => {
  return async (pair, pick) => {
    const worker = at(pair.workers, pick)
    return worker === undefined ? null : { run: null, act: (store, side) => use(store, worker[side], pair) }
  }
}

const onRun = (use: (store: Store, pair: Pair, run: RunId, option: number) => Promise<unknown>): Plan => {
  return async (pair, pick, option) => {
    const run = at(pair.runs, pick)
    return run === undefined ? null : { run, act: (store) => use(store, pair, run, option) }
  }
}

/** `weight`: the relative frequency of an action. */
export const plans: Readonly<Record<string, { readonly weight: number; readonly plan: Plan }>> = {
  register: { weight: 2, plan: register },
  start: { weight: 5, plan: start },
  startAdmitted: { weight: 7, plan: startAdmitted },
  claim: { weight: 7, plan: claim },
  journal: { weight: 5, plan: journal },
  finish: { weight: 4, plan: finish },
  park: { weight: 6, plan: park },
  send: { weight: 5, plan: send },
  receive: { weight: 2, plan: receive },
  fork: { weight: 2, plan: fork },
  loseWorkers: { weight: 3, plan: loseWorkers },
  retire: { weight: 2, plan: onWorker((store, worker) => store.retire(worker)) },
  beat: {
    weight: 2,
    plan: onWorker(async (store, worker, pair) => {
      const found = await store.beat(worker, { leaseMs: LONG_MS, queues: [pair.queue], idle: [] })
      // Other sequences leave runs past their deadline in the same database.
      return { ...found, poked: [...found.poked].sort(), overdue: false }
    }),
  },
  expire: {
    weight: 2,
    plan: async (pair) => ({ run: null, act: async (store) => (await store.expire()).filter((queue) => queue === pair.queue) }),
  },
  terminate: { weight: 2, plan: terminate },
  setPause: { weight: 3, plan: onRun((store, pair, run, option) => store.setPause(pair.org, run, option % 2 === 0)) },
  unblock: { weight: 3, plan: onRun((store, pair, run, option) => store.unblock(pair.org, run, option % 2 ? 'bundle-3' : null)) },
  setLimit: {
    weight: 1,
    plan: async (pair, pick, option) => ({ run: null, act: (store) => store.setLimit(pair.org, `limit-${pick % 3}`, option % 3 || null) }),
  },
  setQueuePaused: {
    weight: 1,
    plan: async (pair, _pick, option) => ({ run: null, act: (store) => store.setQueuePaused(pair.org, pair.queue, option % 2 === 0) }),
  },
}

export interface Action {
  readonly name: string
  readonly pick: number
  readonly option: number
}

export function actions(maxLength: number): fc.Arbitrary<Action[]> {
  const number = fc.nat({ max: 59 })
  const name = fc.oneof(...Object.entries(plans).map(([each, { weight }]) => ({ weight, arbitrary: fc.constant(each) })))
  return fc.array(fc.record({ name, pick: number, option: number }), { maxLength, size: 'max' })
}
