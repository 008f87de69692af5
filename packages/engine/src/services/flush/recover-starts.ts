import { type Clock, pause } from '../../clock.ts'
import type { Store } from '../../store/store.ts'
import { Ambiguous } from '../../store/store-errors.ts'
import { type Observer, toError } from '../observe.ts'
import type { Batch } from './batch.ts'
import type { Flusher } from './flusher.ts'

const RETRY_MS = 200

export interface RecoverParts {
  readonly store: Store
  readonly flusher: Flusher
  readonly clock: Clock
  readonly observe: Observer
  /** After the engine is closed, an attempt that fails is the last one. */
  readonly isClosed: () => boolean
}

/** For a process without a worker: it has no registration to give up and only has to recover its starts. */
export async function recoverAlone({ store, flusher, clock, observe, isClosed }: RecoverParts, batches: readonly Batch[]): Promise<void> {
  for (;;) {
    try {
      await recoverStarts(store, flusher, batches)
      break
    } catch (error) {
      observe({ type: 'trouble', where: 'recover', error: toError(error) })
      if (isClosed()) return failStarts(batches)
      await pause(clock, RETRY_MS)
    }
  }
  flusher.resume()
}

/**
 * After a loss, determines the fate of starts that callers still wait for. Written starts are acknowledged; the others are sent again for
 * any worker to claim. All other rows in the batches belonged to runs of this worker, and are repeated where those are replayed. Call it
 * after the old registration was retired, when none of its writes can commit any more. If it throws, it has done nothing and must be called
 * again.
 */
export async function recoverStarts(store: Store, flusher: Flusher, batches: readonly Batch[]): Promise<void> {
  const written = new Set<string>()
  for (const { row } of batches.flatMap(callersStarts)) if ((await store.run(row.org, row.run)) !== null) written.add(row.run)
  for (const batch of batches) {
    for (const { row, unit } of callersStarts(batch)) {
      const waiters = batch.waiters.filter((waiter) => waiter.unit === unit)
      if (written.has(row.run)) {
        for (const waiter of waiters) waiter.done(null)
        continue
      }
      flusher.add(unit, 'starts', { ...row, state: row.state === 'running' ? 'ready' : row.state })
      for (const entry of batch.rows.events) if (entry.unit === unit) flusher.add(unit, 'events', entry.row)
      for (const entry of batch.rows.companions) if (entry.unit === unit) flusher.add(unit, 'companions', entry.row)
      for (const waiter of waiters) flusher.whenDurable(unit, waiter.done)
    }
    recoverCompanions(flusher, batch)
  }
}

/** The engine is closed, so the fate of these starts stays unknown. Their callers must not wait any longer. */
export function failStarts(batches: readonly Batch[]): void {
  const error = new Ambiguous('the engine was closed before it was known whether the run was started')
  for (const batch of batches) {
    const units = new Set([...callersStarts(batch), ...batch.rows.companions].map(({ unit }) => unit))
    for (const waiter of batch.waiters) if (units.has(waiter.unit)) waiter.done(error)
  }
}

/** Excludes starts of children: their parents are replayed and start them again. */
const callersStarts = (batch: Batch): Batch['rows']['starts'] => batch.rows.starts.filter(({ row, unit }) => unit === row.run)

/** The transaction of an admitted start has committed before its companions are queued. Writing them twice is better than losing them. */
function recoverCompanions(flusher: Flusher, batch: Batch): void {
  const withStart = new Set(batch.rows.starts.map((entry) => entry.unit))
  const alone = batch.rows.companions.filter((entry) => !withStart.has(entry.unit))
  for (const { row, unit } of alone) flusher.add(unit, 'companions', row)
  for (const unit of new Set(alone.map((entry) => entry.unit)))
    for (const waiter of batch.waiters) if (waiter.unit === unit) flusher.whenDurable(unit, waiter.done)
}
