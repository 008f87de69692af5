import type { FlushBatch, FlushResult, Message, ParkRow, RunId, StartRow, WorkerId } from '../store.ts'
import { Fenced, Refused } from '../store-errors.ts'
import { type Changed, closeChildren, finishRun, stopRun } from './finish.ts'
import { insertRun, makeReady, makeRunning, newLive } from './live-run.ts'
import { insertMessage, removeMessage } from './messages.ts'
import { key, type Live, type Session, type Tables } from './tables.ts'

/** All or nothing: everything that could reject the batch is checked before the first write. */
export function flush(session: Session, batch: FlushBatch, fencing = true): FlushResult {
  const { tables } = session
  // Invariant (I5): a fenced worker writes nothing.
  if (batch.worker !== null && fencing) requireUnfenced(tables, batch.worker)
  requireValid(tables, batch)
  const readied = new Map<string, Live>()
  const poked = new Map<string, Live>()
  const note = (changed: Changed): void => {
    for (const live of changed) {
      if (live.state === 'running') poked.set(live.row.run, live)
      if (live.state === 'ready') readied.set(live.row.run, live)
    }
  }
  const held: RunId[] = []
  for (const [index, asked] of batch.starts.entries()) {
    const isHeld = asked.state === 'running' && tables.pausedQueues.has(key(asked.org, asked.queue))
    if (isHeld) held.push(asked.run)
    insertStart(session, isHeld ? { ...asked, state: 'ready' } : asked, batch.worker, index)
  }
  appendJournal(tables, batch)
  const kept: string[] = []
  for (const park of batch.parks) if (!parkRun(session, park, batch.worker)) kept.push(park.run)
  for (const finish of batch.finishes) {
    countStale(tables, finish.org, finish.run, batch.worker)
    for (const live of finishRun(session, finish)) readied.set(live.row.run, live)
  }
  for (const { org, run, id } of batch.received) removeMessage(tables, org, run, id)
  for (const message of batch.messages) {
    const known = tables.live.get(key(message.org, message.run))
    const before = known?.state
    if (message.kind === 'cancel') {
      if (known) note(stopRun(session, known, message.id, message.reason))
      continue
    }
    const live = insertMessage(session, message)
    if (live === null) continue
    if (live.state === 'running') poked.set(live.row.run, live)
    if (live.state === 'ready' && before === 'waiting') readied.set(live.row.run, live)
  }
  for (const { org, run, children } of batch.finishes) if (children !== null) note(closeChildren(session, org, run))
  for (const row of batch.progress) tables.progress.set(key(row.org, row.run, row.cmd), row)
  tables.logs.push(...batch.logs)
  tables.events.push(...batch.events)
  tables.companions.push(...batch.companions)
  return {
    kept,
    held,
    readied: [...readied.values()].map((live) => ({ run: live.row.run, queue: live.row.queue })),
    poked: [...poked.values()].flatMap((live) => (live.worker === null ? [] : [{ run: live.row.run, worker: live.worker }])),
  }
}

export function requireUnfenced(tables: Tables, worker: WorkerId): void {
  const row = tables.workers.get(worker)
  if (row === undefined || row.fenced) throw new Fenced(`worker ${worker} is fenced`)
}

/** A start is idempotent by its run's id: an existing run keeps its row and state. */
function insertStart(session: Session, start: StartRow, worker: WorkerId | null, index: number): void {
  const { tables, now } = session
  if (tables.runs.has(key(start.org, start.run))) return
  const { state, at, ...row } = start
  const live = newLive(row, at ?? now)
  // Keeps the order of the runs in a batch.
  live.rank += index / 1000
  if (state === 'running' && worker !== null) makeRunning(live, worker)
  if (state === 'waiting') {
    live.state = 'waiting'
    live.at = at
  }
  insertRun(tables, row, live)
}

/** Returns false, and leaves the run with its worker, if the run was poked since the worker last looked. */
function parkRun(session: Session, park: ParkRow, worker: WorkerId | null): boolean {
  const live = session.tables.live.get(key(park.org, park.run))
  countStale(session.tables, park.org, park.run, worker)
  if (live === undefined || live.worker !== worker || live.wakes !== park.wakes) return false
  makeReady(live, session.now)
  live.state = park.state
  live.at = park.state === 'waiting' ? park.at : null
  live.waits = park.waits
  live.reason = park.reason
  live.nextSeq = park.nextSeq
  live.base = park.base
  if (park.state !== 'blocked') live.lostBy = []
  return true
}

function appendJournal(tables: Tables, batch: FlushBatch): void {
  for (const row of batch.journal) {
    const id = key(row.org, row.run)
    countStale(tables, row.org, row.run, batch.worker)
    const rows = tables.journal.get(id)
    if (rows) rows.push(row)
    else tables.journal.set(id, [row])
  }
}

function countStale(tables: Tables, org: string, run: string, worker: WorkerId | null): void {
  if (tables.live.get(key(org, run))?.worker !== worker) tables.staleWrites++
}

const nameOf = (message: Message): string => (message.kind === 'signal' ? message.name : message.kind === 'child' ? '' : message.reason)

/** Throws for what PostgreSQL would reject: a second row under one key, or text that it cannot store. */
function requireValid(tables: Tables, batch: FlushBatch): void {
  const free = batch.starts.every((start) => start.state !== 'running')
  if (batch.worker === null && !(free && [batch.journal, batch.finishes, batch.parks, batch.received].every((part) => part.length === 0)))
    throw new Refused('only a worker may write this')
  const taken = new Set<string>()
  const claimKey = (id: string): void => {
    if (taken.has(id)) throw new Refused(`duplicate key ${id}`)
    taken.add(id)
  }
  for (const row of batch.journal) {
    claimKey(key(row.org, row.run, row.seq))
    const last = tables.journal.get(key(row.org, row.run))?.at(-1)
    if (last && row.seq <= last.seq) throw new Refused(`duplicate seq ${row.seq}`)
  }
  for (const row of batch.finishes) {
    claimKey(key(row.org, row.run))
    if (tables.results.has(key(row.org, row.run))) throw new Refused(`duplicate result ${row.run}`)
  }
  const names = [
    ...batch.starts.flatMap((row) => [row.workflow, row.queue, ...row.tags]),
    ...batch.journal.map((row) => row.name),
    ...batch.messages.map(nameOf),
    ...batch.logs.map((row) => row.message),
  ]
  if (names.some((name) => name.includes('\u0000'))) throw new Refused('NUL in a name')
}
