import { type Event, encodeId, type Json } from '@orrery/contract'
import type { OrgId, RunId } from '@orrery/engine'
import { UUID_FORM } from '../cursor.ts'
import { toRunId } from '../public-ids.ts'

export interface EventRow {
  tx: string
  id: string
  at: Date
  type: string
  subject: string
  data: unknown
}

/** An event of any organization, in the form that consumers get. */
export interface ConsumedEvent {
  readonly org: OrgId
  /** The public form, which callers see. */
  readonly event: Event
  /** The subject that the engine wrote: the UUID of a run where `event.subject` is its public id. */
  readonly subject: string
  /** UUID of the run that wrote the event, or that the event is about; null: there is no such run. */
  readonly run: RunId | null
}

/** Members in the data of the engine's events that hold the id of a run. */
const RUN_MEMBERS = ['parent', 'retryOf', 'forkOf'] as const

/** The public form of an event. The engine writes the UUIDs of runs; callers see their public ids. */
export function toEvent(row: EventRow): Event {
  const ofRun = row.type.startsWith('run.') && UUID_FORM.test(row.subject)
  return {
    id: `${row.tx}-${row.id}`,
    type: row.type,
    subject: ofRun ? encodeId('run', row.subject) : row.subject,
    at: row.at.toISOString(),
    data: ofRun ? withRunIds(row.data as Json) : (row.data as Json),
  }
}

export function toConsumed(row: EventRow, org: OrgId, run: RunId | null): ConsumedEvent {
  const event = toEvent(row)
  // Only for an event of a run does the public subject differ from the engine's.
  return { org, event, subject: row.subject, run: run ?? (event.subject === row.subject ? null : row.subject) }
}

function withRunIds(data: Json): Json {
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return data
  const named: { [key: string]: Json } = { ...data }
  for (const member of RUN_MEMBERS) {
    const value = named[member]
    if (typeof value === 'string' && UUID_FORM.test(value)) named[member] = toRunId(value)
  }
  return named
}
