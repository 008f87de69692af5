import { hash } from 'node:crypto'
import { uuid7 } from '@orrery/engine'

/** Why a run is started. Different causes start different runs; repeated attempts with an equal cause are the same run. */
export type FiringCause =
  | { readonly kind: 'schedule'; readonly nominalMs: number }
  /** `requestId` is the id of the backfill: two backfills of one range start different runs. */
  | { readonly kind: 'backfill'; readonly requestId: string; readonly requestedAtMs: number; readonly nominalMs: number }
  | { readonly kind: 'manual'; readonly requestId: string; readonly requestedAtMs: number }
  /** A step of a run requested it. */
  | { readonly kind: 'agent'; readonly requestId: string; readonly requestedAtMs: number }
  | { readonly kind: 'event'; readonly eventId: string; readonly atMs: number }
  /** An evaluation of a condition, identified by its instant. */
  | { readonly kind: 'condition'; readonly atMs: number }
  | { readonly kind: 'webhook'; readonly deliveryId: string; readonly atMs: number }

/**
 * The id of the run that a trigger starts for a cause: a UUID v7 (RFC 9562, section 5.7) with a hash in place of the random bits. Every
 * process and every retry computes the same id, so a second start finds the first.
 */
export function firingId(automationId: string, triggerId: string, cause: FiringCause): string {
  const text = JSON.stringify([automationId, triggerId, ...factsOf(cause)])
  return uuid7(timeOf(cause), hash('sha256', text, 'buffer'))
}

function factsOf(cause: FiringCause): readonly (string | number)[] {
  switch (cause.kind) {
    case 'schedule':
      return [cause.kind, cause.nominalMs]
    case 'backfill':
      return [cause.kind, cause.requestId, cause.nominalMs]
    case 'manual':
      return [cause.kind, cause.requestId]
    case 'agent':
      return [cause.kind, cause.requestId]
    case 'event':
      return [cause.kind, cause.eventId]
    case 'condition':
      return [cause.kind, cause.atMs]
    case 'webhook':
      return [cause.kind, cause.deliveryId]
  }
}

/** The time in the id. Lists of runs are ordered by id, and a backfill of last year belongs among the runs of today. */
function timeOf(cause: FiringCause): number {
  switch (cause.kind) {
    case 'schedule':
      return cause.nominalMs
    case 'backfill':
    case 'manual':
    case 'agent':
      return cause.requestedAtMs
    case 'event':
    case 'condition':
    case 'webhook':
      return cause.atMs
  }
}
