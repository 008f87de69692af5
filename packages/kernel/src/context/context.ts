/** The first argument of every use case: who acts, for which organization, and the few things of the world it may touch. */
import type { Json, Permission } from '@orrery/contract'
import type { CompanionRow, OrgId } from '@orrery/engine'
import type { Transaction } from '../database/database.ts'
import type { Actor, TokenClaims } from './identity.ts'
import type { Clock, CoreEngine, Kernel, Log } from './kernel.ts'

/** What the caller sent beside its input. */
export interface CallOrigin {
  /** For a run, its public id. */
  readonly requestId: string
  readonly traceId: string | null
  readonly idempotencyKey: string | null
}

export interface Ctx {
  readonly actor: Actor
  /** A UUID. */
  readonly org: OrgId
  readonly permissions: ReadonlySet<Permission>
  /** Null: the actor came with a key, or with nothing. */
  readonly token: TokenClaims | null
  readonly effect: 'read' | 'write'
  /** The transaction of the whole call, if it has one: a write has, unless it goes through the engine's group commit. Use `withOrg`. */
  readonly tx: Transaction | null
  readonly engine: CoreEngine
  readonly clock: Clock
  readonly log: Log
  readonly origin: CallOrigin
  /** What all calls of this process share. */
  readonly kernel: Kernel
  /** Runs after the transaction of the call has committed; never if it rolls back. */
  afterCommit(work: () => void): void
  /** For what must stay although the call is refused: runs in a transaction of its own after that of the call has rolled back, and is audited. */
  afterRollback(work: (tx: Transaction) => Promise<void>): void
  /** Says what the audit entry of this call is about; each use makes one entry. Without any there is one, about what the path names. */
  note(subject: string, detail?: Json): void
  /** The audit entry as a row that commits with the engine's next batch; for calls without a transaction of their own. */
  auditCompanion(subject: string, detail?: Json): CompanionRow
}
