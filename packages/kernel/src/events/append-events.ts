import { decodeId, type EventType, type Json } from '@orrery/contract'
import type { RunId } from '@orrery/engine'
import type { Ctx } from '../context/context.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'

export interface NewEvent {
  readonly type: string
  readonly subject: string
  readonly data?: Json
}

/** What is needed of a context to write events. */
export type EventSource = Pick<Ctx, 'actor' | 'org' | 'engine' | 'clock'>

/**
 * Adds events to the log, in a transaction: readers see them if, and only if, it commits. They carry the run in whose name the actor acts, so that
 * runs which start each other through events are seen to do so.
 */
export async function appendEvents(source: EventSource, tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  const { org, clock } = source
  const at = Math.floor(clock.now())
  const run = findActingRun(source)
  const rows = events.map(({ type, subject, data = {} }) => {
    return { org, type, subject, data: JSON.stringify(data), at, ...(run === null ? {} : { run }) }
  })
  await source.engine.appendEvents(rows, tx.client)
}

/** One event of ours, in the transaction of the call. */
export function emitEvent(ctx: Ctx, type: EventType, subject: string, data: { readonly [key: string]: Json } = {}): Promise<void> {
  return withOrg(ctx, (tx) => appendEvents(ctx, tx, [{ type, subject, data }]))
}

/** The run in whose name an actor acts; null: it acts for itself. */
export function findActingRun({ actor }: Pick<Ctx, 'actor'>): RunId | null {
  return actor.type === 'system' ? decodeId('run', actor.id) : null
}
