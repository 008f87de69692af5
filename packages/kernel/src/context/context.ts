/** The first argument of every use case: the actor, its organization, and the services that a use case may call. */
import type { Json, Permission } from '@orrery/contract'
import type { CompanionRow, OrgId } from '@orrery/engine'
import type { Transaction } from '../database/database.ts'
import type { Actor, Login, TokenClaims } from './identity.ts'
import type { Clock, CoreEngine, Kernel, Log } from './kernel.ts'

/** What identifies a call besides its input. */
export interface CallOrigin {
  /** The public id of the run if a run acts. */
  readonly requestId: string
  readonly traceId: string | null
  readonly idempotencyKey: string | null
}

export interface Ctx {
  readonly actor: Actor
  /** A UUID. */
  readonly org: OrgId
  readonly permissions: ReadonlySet<Permission>
  /** Null: the caller sent an API key, or no credential. */
  readonly token: TokenClaims | null
  /** Null: the caller is not a person that has logged in. */
  readonly login: Login | null
  readonly effect: 'read' | 'write'
  /**
   * The transaction of the whole call. A write has one unless it uses the engine's group commit or calls systems outside. Use `withOrg`.
   */
  readonly tx: Transaction | null
  readonly engine: CoreEngine
  readonly clock: Clock
  readonly log: Log
  readonly origin: CallOrigin
  /** What all calls of this process have in common. */
  readonly kernel: Kernel
  /** Runs `work` after the transaction of the call has committed, and never if it rolls back. */
  afterCommit(work: () => void): void
  /**
   * For writes that must survive a refused call. Runs in its own transaction after that of the call has rolled back, with an
   * audit entry.
   */
  afterRollback(work: (tx: Transaction) => Promise<void>): void
  /**
   * Sets the subject of an audit entry of this call. Each use adds one entry. If it is never called, one entry names the object in the path. A
   * call to a system outside uses it right before its effect begins: if it fails after that, the entry and the failure are kept.
   */
  note(subject: string, detail?: Json): void
  /** An audit entry as a row that commits with the engine's next flush, for calls without their own transaction. */
  auditCompanion(subject: string, detail?: Json): CompanionRow
}
