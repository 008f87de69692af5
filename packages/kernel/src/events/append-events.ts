import { decodeId, type EventType, type Json } from '@orrery/contract'
import type { RunId } from '@orrery/engine'
import type { Ctx } from '../context/context.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'

/** @typeParam T a type of the product, or `string` for the topic of a user's event */
export interface NewEvent<T extends string = EventType> {
  readonly type: T
  readonly subject: string
  readonly data?: Json
}

/** The part of a context that is needed to write events. */
export type EventContext = Pick<Ctx, 'actor' | 'org' | 'engine' | 'clock'>

/** Adds events of the product to the log in a transaction: readers see them if, and only if, it commits. */
export function appendEvents(context: EventContext, tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  return append(context, tx, events)
}

/** Adds the event of a user. The caller has checked that its topic is not reserved. */
export function appendTopic(context: EventContext, tx: Transaction, event: NewEvent<string>): Promise<void> {
  return append(context, tx, [event])
}

/** Each event records the run that the actor acts for, so that runs which start each other through events can be detected. */
async function append(context: EventContext, tx: Transaction, events: readonly NewEvent<string>[]): Promise<void> {
  const { org, clock } = context
  const at = Math.floor(clock.now())
  const run = findActingRun(context)
  const rows = events.map(({ type, subject, data = {} }) => {
    return { org, type, subject, data: JSON.stringify(data), at, ...(run === null ? {} : { run }) }
  })
  await context.engine.appendEvents(rows, tx.client)
}

/** Appends one event of the product itself, in the transaction of the call. */
export function emitEvent(ctx: Ctx, type: EventType, subject: string, data: { readonly [key: string]: Json } = {}): Promise<void> {
  return withOrg(ctx, (tx) => appendEvents(ctx, tx, [{ type, subject, data }]))
}

/** The run that an actor acts for; null: the actor does not act for a run. */
export function findActingRun({ actor }: Pick<Ctx, 'actor'>): RunId | null {
  return actor.type === 'run' ? decodeId('run', actor.id) : null
}
