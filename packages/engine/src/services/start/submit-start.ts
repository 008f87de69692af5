import type { CompanionRow, RunId, RunRow, WorkerId } from '../../store/store.ts'
import type { Flusher } from '../flush/flusher.ts'
import type { Observer } from '../observe.ts'
import { startedEvent } from './plan-start.ts'

/** A start that shares the process's next group commit. */
export interface PlainStart {
  readonly row: RunRow
  /** The earliest time of the start. Null: now. */
  readonly at: number | null
  /** The run on whose behalf it is written: the run itself, or its parent. */
  readonly unit: RunId
  /** This process may take the run at once. Only for ids that cannot exist yet. */
  readonly local: boolean
  readonly companions: readonly CompanionRow[]
  /** Called once: when the start is durable, or with the error that prevented it. */
  readonly done: (error: Error | null) => void
}

/** The worker of this process, as far as a start needs it. */
export interface LocalWorker {
  /** Reserves a slot for a run that is being started here and returns the registration. Null: the run must be left to a claim. */
  reserve(row: RunRow): WorkerId | null
  /** The start is durable (or failed: `row` is null). Returns the slot and begins the run, if the registration is still the current one. */
  begin(registration: WorkerId, row: RunRow | null): void
}

export interface SubmitParts {
  readonly flusher: Flusher
  readonly observe: Observer
  readonly worker: () => LocalWorker | null
  /** A run of this queue became ready. */
  readonly announceReady: (queue: string) => void
  /** A run of this process becomes due at this time. */
  readonly dueAt: (at: number) => void
}

/** Queues a start. If this process has a free slot, the run begins here as soon as it is durable, without queue, claim or notification. */
export function submitStart(parts: SubmitParts, start: PlainStart): void {
  const { row, at, unit } = start
  const worker = start.local && at === null ? parts.worker() : null
  const reserved = worker?.reserve(row) ?? null
  const state = reserved !== null ? 'running' : at === null ? 'ready' : 'waiting'
  parts.flusher.add(unit, 'events', startedEvent(row))
  for (const companion of start.companions) parts.flusher.add(unit, 'companions', companion)
  parts.flusher.add(unit, 'starts', { ...row, state, at })
  parts.flusher.whenDurable(unit, (error) => {
    if (reserved !== null) worker?.begin(reserved, error === null ? row : null)
    if (error === null) {
      parts.observe({ type: 'started', workflow: row.workflow, local: reserved !== null })
      if (state === 'ready') parts.announceReady(row.queue)
      if (at !== null) parts.dueAt(at)
    }
    start.done(error)
  })
}
