import { encodeId } from '@orrery/contract'
import { recordSystemChange } from '../audit/record-system-change.ts'
import type { Kernel } from '../context/kernel.ts'
import type { Transaction } from '../database/database.ts'
import { type AddressForms, addressForms } from './address-forms.ts'
import type { ErasureRow } from './erasure-row.ts'
import {
  type Chunk,
  deleteAnswersWith,
  deleteBesideRuns,
  deleteCallsWith,
  deleteFiringsWith,
  type ErasureChange,
  forgetFoundRuns,
  insertFoundRuns,
  lockNextErasure,
  selectEndedRuns,
  selectFoundEvents,
  selectPlaces,
  selectRuns,
  updateErasure,
} from './erasure-store.ts'

/** Runs and rows of one step. */
const RUNS_BATCH = 100
const ROWS_BATCH = 1000
/** How often runs that have not ended are looked at again. */
const LOOK_AGAIN_MS = 30_000
const FAILED_MS = 60_000
const PLACES_MAX = 100
/** The part of the system that its audit entries and events name. */
const ACTOR = 'erasures'

interface Step {
  readonly kernel: Pick<Kernel, 'engine' | 'clock'>
  readonly tx: Transaction
  readonly row: ErasureRow
  readonly forms: AddressForms
}

/**
 * Does the next step of the erasure that has waited the longest, in any organization: each step is one transaction, which also keeps the place, so
 * that the next process continues after a crash. Returns false if none is due.
 */
export async function doErasure(kernel: Pick<Kernel, 'database' | 'engine' | 'clock'>): Promise<boolean> {
  let taken: ErasureRow | undefined
  const inMs = (ms: number) => new Date(kernel.clock.now() + ms)
  try {
    return await kernel.database.survey(async (tx) => {
      const row = await lockNextErasure(tx, inMs(0))
      taken = row
      if (row === undefined || row.address === null) return false
      const change = await changeBy({ kernel, tx, row, forms: addressForms(row.address) })
      await updateErasure(tx, row, { next_at: inMs(0), ...change })
      return true
    })
  } catch (error) {
    // The others must not wait for one that fails.
    const row = taken
    if (row !== undefined) await kernel.database.loop((tx) => updateErasure(tx, row, { next_at: inMs(FAILED_MS) }))
    throw error
  }
}

async function changeBy(step: Step): Promise<ErasureChange> {
  const { tx, row, forms } = step
  const sweeping = { forms, after: row.place, limit: ROWS_BATCH }
  switch (row.phase) {
    case 'answers': {
      const chunk = await deleteAnswersWith(tx, row.org_id, sweeping)
      if (!row.payloads && isLast(chunk)) return { ...(await end(step)), answers: row.answers + (chunk?.deleted ?? 0) }
      return { answers: row.answers + (chunk?.deleted ?? 0), ...after(chunk, 'runs') }
    }
    case 'runs':
      return eraseRuns(step)
    case 'firings': {
      const chunk = await deleteFiringsWith(tx, row.org_id, sweeping)
      return { firings: row.firings + (chunk?.deleted ?? 0), ...after(chunk, 'calls') }
    }
    case 'calls': {
      const chunk = await deleteCallsWith(tx, row.org_id, sweeping)
      return { calls: row.calls + (chunk?.deleted ?? 0), ...after(chunk, 'events') }
    }
    case 'events':
      return eraseEvents(step)
    case 'waiting':
      return eraseLateRuns(step)
    case 'ended':
      return {}
  }
}

function isLast(chunk: Chunk | undefined): boolean {
  return chunk === undefined || chunk.looked < ROWS_BATCH
}

function after(chunk: Chunk | undefined, phase: ErasureRow['phase']): ErasureChange {
  return isLast(chunk) ? { phase, place: null } : { place: chunk?.last ?? null }
}

/** Deletes those runs of the next ones that mention the address and have ended, and keeps the others in mind. */
async function eraseRuns(step: Step): Promise<ErasureChange> {
  const { tx, row, forms } = step
  const found = await selectRuns(tx, row.org_id, forms, row.place, RUNS_BATCH)
  const mentioned = found.filter((run) => run.mentioned).map(({ run_id }) => run_id)
  const counts = await deleteRuns(step, mentioned)
  const place = found.length < RUNS_BATCH ? { phase: 'firings' as const, place: null } : { place: found.at(-1)?.run_id ?? null }
  return { ...counts, ...place }
}

async function deleteRuns({ kernel, tx, row }: Step, runs: readonly string[]) {
  const deleted = new Set(runs.length === 0 ? [] : await kernel.engine.deleteRuns(row.org_id, runs, tx.client))
  await insertFoundRuns(tx, row, [...deleted], true)
  await insertFoundRuns(
    tx,
    row,
    runs.filter((run) => !deleted.has(run)),
    false,
  )
  const beside = await deleteBesideRuns(tx, row.org_id, [...deleted])
  return { runs: row.runs + deleted.size, firings: row.firings + beside.firings, calls: row.calls + beside.calls }
}

async function eraseEvents({ kernel, tx, row, forms }: Step): Promise<ErasureChange> {
  const rows = await selectFoundEvents(tx, row, { forms, after: row.place, limit: ROWS_BATCH })
  const found = rows.filter((event) => event.found)
  if (found.length > 0) await kernel.engine.deleteEvents(row.org_id, found, tx.client)
  const events = row.events + found.length
  const last = rows.at(-1)
  if (last !== undefined && rows.length === ROWS_BATCH) return { events, place: `${last.tx}-${last.id}` }
  if (row.in_work > 0) await tell({ kernel, tx, row }, 'erasure.waiting', { runs: row.runs, runsInWork: row.in_work })
  return { events, phase: 'waiting', place: null, late: 0 }
}

/** Deletes the runs that have ended since. When none is left, their events go too, and then it ends. */
async function eraseLateRuns(step: Step): Promise<ErasureChange> {
  const { kernel, tx, row } = step
  const ended = await selectEndedRuns(tx, row, RUNS_BATCH)
  if (ended.length > 0) {
    const counts = await deleteRuns(step, ended)
    // Runs that retention deleted in the meantime are gone too.
    await insertFoundRuns(tx, row, ended, true)
    return { ...counts, late: row.late + ended.length }
  }
  if (row.in_work > 0) return { next_at: new Date(kernel.clock.now() + LOOK_AGAIN_MS) }
  return row.late > 0 ? { phase: 'events', place: null } : end(step)
}

async function end({ kernel, tx, row, forms }: Step): Promise<ErasureChange> {
  const places = await selectPlaces(tx, row.org_id, forms, PLACES_MAX)
  await forgetFoundRuns(tx, row)
  const { runs, events, firings, calls } = row
  await tell({ kernel, tx, row }, 'erasure.ended', { runs, events, firings, toolCalls: calls, places: places.length })
  return {
    phase: 'ended',
    address: null,
    place: null,
    next_at: null,
    ended_at: new Date(kernel.clock.now()),
    places: JSON.stringify(places),
  }
}

/** Writes an event and an audit entry. */
async function tell(
  { kernel, tx, row }: Pick<Step, 'kernel' | 'tx' | 'row'>,
  type: 'erasure.waiting' | 'erasure.ended',
  detail: Readonly<Record<string, number>>,
): Promise<void> {
  const { org_id: org } = row
  const subject = encodeId('ers', row.erasure_id)
  const at = Math.floor(kernel.clock.now())
  await kernel.engine.appendEvents([{ org, type, subject, data: JSON.stringify(detail), at }], tx.client)
  await recordSystemChange(tx, { org, atMs: at, actor: ACTOR, action: type, subject, detail })
}
