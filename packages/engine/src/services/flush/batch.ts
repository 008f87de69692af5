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

/** The rows of a batch, by part. */
export interface BatchRows {
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

export type BatchPart = keyof BatchRows

type RowsByPart = { [P in BatchPart]: { readonly row: BatchRows[P]; readonly unit: string }[] }

export const PARTS: readonly BatchPart[] = [
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

/** The runs whose live rows a row of this part writes, if any. */
const touches: { [P in BatchPart]?: (row: BatchRows[P]) => readonly RunId[] } = {
  starts: (row) => [row.run],
  finishes: (row) => [row.run, ...(row.children ?? [])],
  parks: (row) => [row.run],
  messages: (row) => [row.run],
}

interface Waiter {
  readonly unit: string
  readonly done: (error: Error | null) => void
}

/** Rows to be written together. `unit` names the run on whose behalf a row is written, so that a rejected batch can be split. */
export interface Batch {
  readonly rows: RowsByPart
  readonly units: Set<string>
  /** Invariant: in one batch, at most one part writes a given live row. */
  readonly touched: Map<RunId, BatchPart>
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

/** Adds a row. False if the batch already writes that run's live row through another part. */
export function addToBatch<P extends BatchPart>(batch: Batch, unit: string, part: P, row: BatchRows[P]): boolean {
  const runs = touches[part]?.(row) ?? []
  // Several messages to one run are one write. Anything else must wait for the next batch.
  if (runs.some((run) => batch.touched.has(run) && !(part === 'messages' && batch.touched.get(run) === 'messages'))) return false
  for (const run of runs) batch.touched.set(run, part)
  batch.units.add(unit)
  batch.rows[part].push({ row, unit })
  batch.size++
  return true
}

export function toFlush(batch: Batch, worker: WorkerId | null): FlushBatch {
  const take = <P extends BatchPart>(part: P): BatchRows[P][] => batch.rows[part].map((entry) => entry.row)
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

/** One batch per unit, in order of first appearance. Used after a rejection to find the bad row. */
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

/** Two batches with about the same number of units each, with the older units in the first one. */
export function halve(batch: Batch): [Batch, Batch] {
  const halves: [Batch, Batch] = [newBatch(), newBatch()]
  const early = new Set([...batch.units].slice(0, Math.ceil(batch.units.size / 2)))
  const of = (unit: string): Batch => halves[early.has(unit) ? 0 : 1]
  for (const part of PARTS) for (const { row, unit } of batch.rows[part]) addToBatch(of(unit), unit, part, row)
  for (const waiter of batch.waiters) of(waiter.unit).waiters.push(waiter)
  return halves
}

/** True if the batches have no run in common, and neither writes the live row of a run with rows in the other. */
export function haveNoCommonRun(one: Batch, other: Batch): boolean {
  const hasToDoWith = (run: string): boolean => other.units.has(run) || other.touched.has(run)
  return [...one.units].every((unit) => !hasToDoWith(unit)) && [...one.touched.keys()].every((run) => !hasToDoWith(run))
}
