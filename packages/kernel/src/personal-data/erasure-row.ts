import { encodeId, type IdPrefix } from '@orrery/contract'
import type { AnswerTo } from '../context/implementation.ts'

export type ErasurePhase = 'answers' | 'runs' | 'firings' | 'calls' | 'events' | 'waiting' | 'ended'

export interface ErasureRow {
  readonly org_id: string
  readonly erasure_id: string
  readonly address: string | null
  readonly payloads: boolean
  readonly requested_by: string
  readonly requested_at: Date
  readonly phase: ErasurePhase
  readonly place: string | null
  readonly next_at: Date | null
  readonly runs: number
  readonly events: number
  readonly firings: number
  readonly calls: number
  readonly answers: number
  readonly late: number
  readonly places: readonly (readonly string[])[] | null
  readonly ended_at: Date | null
  /** Not a column: the runs that it waits for. */
  readonly in_work: number
}

/** The tables whose keys have public forms. */
const PREFIXES: Readonly<Record<string, IdPrefix>> = {
  automation: 'aut',
  automation_version: 'aut',
  trigger: 'trg',
  firing: 'fir',
  backfill: 'bkf',
  connection: 'con',
  api_key: 'key',
  member: 'mbr',
}

/** The public form of an erasure. */
export function toErasure(row: ErasureRow): AnswerTo<'erasures.get'> {
  const { runs, events, firings, calls, answers } = row
  return {
    id: encodeId('ers', row.erasure_id),
    payloads: row.payloads ? 'delete' : 'keep',
    status: row.phase === 'ended' || row.phase === 'waiting' ? row.phase : 'working',
    requestedBy: row.requested_by,
    requestedAt: row.requested_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    deleted: { runs, events, firings, toolCalls: calls, answers },
    runsInWork: row.in_work,
    places: row.places === null ? null : row.places.map(toPlace),
  }
}

function toPlace([kind = '', key = '', ...rest]: readonly string[]) {
  const prefix = PREFIXES[kind]
  const id = prefix === undefined ? key : encodeId(prefix, key)
  return { kind, id: [id, ...rest].join(' ') }
}
