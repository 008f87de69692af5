import type {
  CompanionRow,
  EventRow,
  FinishRow,
  FlushBatch,
  JournalRow,
  LogRow,
  Message,
  ParkRow,
  ProgressRow,
  RunId,
  StartRow,
  WorkerId,
} from '../../store/store.ts'

/** What may be added to a batch, by part. */
export interface Parts {
  starts: StartRow
  journal: JournalRow
  finishes: FinishRow
  parks: ParkRow
  received: { readonly org: string; readonly run: RunId; readonly id: string }
  messages: Message
  logs: LogRow
  progress: ProgressRow
  events: EventRow
  companions: CompanionRow
}

export type Part = keyof Parts

type Rows = { [P in Part]: { readonly row: Parts[P]; readonly unit: string }[] }

export const PARTS: readonly Part[] = [
  'starts',
  'journal',
  'finishes',
  'parks',
  'received',
  'messages',
  'logs',
  'progress',
  'events',
  'companions',
]

/** Which live row a row of a part writes to, if any. */
const touches: { [P in Part]?: (row: Parts[P]) => RunId } = {
  starts: (row) => row.run,
  finishes: (row) => row.run,
  parks: (row) => row.run,
  messages: (row) => row.run,
}

export interface Waiter {
  readonly unit: string
  readonly done: (error: Error | null) => void
}

/**
 * Rows that will be written together. `unit` names the run on whose behalf a row is written, so that a refused batch can be taken apart.
 */
export interface Batch {
  readonly rows: Rows
  readonly units: Set<string>
  /** Invariant: one batch writes a live row in at most one part. */
  readonly touched: Map<RunId, Part>
  readonly waiters: Waiter[]
  size: number
}

export function newBatch(): Batch {
  return {
    rows: {
      starts: [],
      journal: [],
      finishes: [],
      parks: [],
      received: [],
      messages: [],
      logs: [],
      progress: [],
      events: [],
      companions: [],
    },
    units: new Set(),
    touched: new Map(),
    waiters: [],
    size: 0,
  }
}

/** Adds a row, or says no because the batch already writes that run's live row through another part. */
export function addToBatch<P extends Part>(batch: Batch, unit: string, part: P, row: Parts[P]): boolean {
  const run = touches[part]?.(row)
  if (run !== undefined) {
    const before = batch.touched.get(run)
    // Several messages to one run are one write; anything else must wait for the next batch.
    if (before !== undefined && !(before === 'messages' && part === 'messages')) return false
    batch.touched.set(run, part)
  }
  batch.units.add(unit)
  batch.rows[part].push({ row, unit })
  batch.size++
  return true
}

export function toFlush(batch: Batch, worker: WorkerId | null): FlushBatch {
  const take = <P extends Part>(part: P): Parts[P][] => batch.rows[part].map((entry) => entry.row)
  return {
    worker,
    starts: take('starts'),
    journal: take('journal'),
    finishes: take('finishes'),
    parks: take('parks'),
    received: take('received'),
    messages: take('messages'),
    logs: take('logs'),
    progress: take('progress'),
    events: take('events'),
    companions: take('companions'),
  }
}

/** One batch a unit, in order of first appearance; used after a refusal to find the row at fault. */
export function splitByUnit(batch: Batch): Batch[] {
  const parts = new Map<string, Batch>()
  const of = (unit: string): Batch => {
    const known = parts.get(unit)
    if (known) return known
    const made = newBatch()
    parts.set(unit, made)
    return made
  }
  for (const part of PARTS) for (const { row, unit } of batch.rows[part]) addToBatch(of(unit), unit, part, row)
  for (const waiter of batch.waiters) of(waiter.unit).waiters.push(waiter)
  return [...parts.values()]
}

/** In two batches with about as many units each, those that came first in the first. */
export function halve(batch: Batch): [Batch, Batch] {
  const halves: [Batch, Batch] = [newBatch(), newBatch()]
  const early = new Set([...batch.units].slice(0, Math.ceil(batch.units.size / 2)))
  const of = (unit: string): Batch => halves[early.has(unit) ? 0 : 1]
  for (const part of PARTS) for (const { row, unit } of batch.rows[part]) addToBatch(of(unit), unit, part, row)
  for (const waiter of batch.waiters) of(waiter.unit).waiters.push(waiter)
  return halves
}

/** Whether neither has a row of a run, or writes to the live row of one, that the other has to do with. */
export function isApart(one: Batch, other: Batch): boolean {
  const concerns = (run: string): boolean => other.units.has(run) || other.touched.has(run)
  return [...one.units].every((unit) => !concerns(unit)) && [...one.touched.keys()].every((run) => !concerns(run))
}
