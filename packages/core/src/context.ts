/** The first argument of every use case: who acts, for which organization, and the few things of the world it may touch. */
import type { KeyObject } from 'node:crypto'
import type { Json, Permission } from '@orrery/contract'
import type { CompanionRow, OrgId, TransactionalEngine } from '@orrery/engine'
import type pg from 'pg'
import type { TokenClaims } from './access/token.ts'
import type { TokenKeys } from './access/token-keys.ts'
import type { Database, Transaction } from './database/database.ts'
import type { OutsidePolicy } from './outside/outside-policy.ts'
import type { SecretKeys } from './secrets/secret-keys.ts'
import type { AutomationPort } from './tools/automation-port.ts'
import type { McpClients } from './tools/mcp/mcp-clients.ts'

/** Whoever acts. Keys come first; people, agents and nodes log in by ways of their own and end up here too. */
export type Actor =
  | { readonly type: 'api_key'; readonly id: string; readonly name: string }
  | { readonly type: 'member'; readonly id: string; readonly name: string }
  | { readonly type: 'agent'; readonly id: string; readonly name: string }
  | { readonly type: 'node'; readonly id: string; readonly name: string }
  | { readonly type: 'system'; readonly id: string; readonly name: string }

/** Time as the database has it, in ms since the epoch. */
export interface Clock {
  now(): number
}

/** What pino's loggers are, as far as core cares. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

export interface Trace {
  readonly requestId: string
  readonly traceId: string | null
}

export type CoreEngine = TransactionalEngine<pg.ClientBase>

export interface Ctx {
  readonly actor: Actor
  /** A UUID. */
  readonly org: OrgId
  readonly permissions: ReadonlySet<Permission>
  /** What the actor came with, if it was a token; null: a key, or nothing. */
  readonly token: TokenClaims | null
  readonly effect: 'read' | 'write'
  /** The transaction of the whole call, if it has one: a write has, unless it goes through the engine's group commit. Use `withOrg`. */
  readonly tx: Transaction | null
  readonly database: Database
  readonly engine: CoreEngine
  readonly clock: Clock
  readonly log: Log
  readonly trace: Trace
  /** Tells all processes that the event log may have grown; to be called after a commit. Whoever reads it finds out without, but later. */
  announce(): void
  /** Runs after the transaction of the call has committed; never if it rolls back. */
  afterCommit(work: () => void): void
  /** For what must stay although the call is refused: runs in a transaction of its own after that of the call has rolled back, and is audited. */
  afterRollback(work: (tx: Transaction) => Promise<void>): void
  /** Says what the audit entry of this call is about; each use makes one entry. Without any there is one, about what the path names. */
  note(subject: string, detail?: Json): void
  /** The audit entry as a row that commits with the engine's next batch; for calls without a transaction of their own. */
  auditCompanion(subject: string, detail?: Json): CompanionRow
  /** Makes this process look every key up again. */
  forgetKeys(): void
  /** Public keys of signed checkpoints, by name. */
  readonly auditKeys: ReadonlyMap<string, KeyObject>
  /** Seal and open the secrets of connections. */
  readonly secretKeys: SecretKeys
  /** Sign tokens. */
  readonly tokenKeys: TokenKeys
  /** For whatever leaves this installation: what may be reached. */
  readonly outside: OutsidePolicy
  readonly mcpClients: McpClients
  /** For tools that touch automations. */
  readonly automations: AutomationPort
  /** Where the world reaches this server, without a slash at the end; empty if it does not know. */
  publicUrl(): string
  /** Of the server, for `system.info`. */
  readonly version: string
}
