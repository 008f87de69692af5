import { type Event, encodeId, type Json } from '@orrery/contract'
import type { OrgId, RunId } from '@orrery/engine'
import { toRunId } from '../public-ids.ts'

export interface EventRow {
  tx: string
  id: string
  at: Date
  type: string
  subject: string
  data: unknown
}

/** An event as a consumer gets it, of any organization. */
export interface ConsumedEvent {
  readonly org: OrgId
  /** As callers see it. */
  readonly event: Event
  /** As the engine wrote it: the UUID of a run where `event.subject` is its public id. */
  readonly subject: string
  /** UUID of the run that wrote it or that it is about; null: neither. */
  readonly run: RunId | null
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Members of the data of the engine's events that hold the id of a run. */
const RUN_MEMBERS = ['parent', 'retryOf', 'forkOf'] as const

/** The engine writes UUIDs; callers see public ids. */
export function toEvent(row: EventRow): Event {
  const ofRun = row.type.startsWith('run.') && UUID.test(row.subject)
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
  // Only events of a run have a subject that reads otherwise outside.
  return { org, event, subject: row.subject, run: run ?? (event.subject === row.subject ? null : row.subject) }
}

function withRunIds(data: Json): Json {
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return data
  const named: { [key: string]: Json } = { ...data }
  for (const member of RUN_MEMBERS) {
    const value = named[member]
    if (typeof value === 'string' && UUID.test(value)) named[member] = toRunId(value)
  }
  return named
}
