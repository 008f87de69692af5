import type { KeyObject } from 'node:crypto'
import type { TransactionalEngine } from '@orrery/engine'
import type pg from 'pg'
import type { Database } from '../database/database.ts'
import type { OutsidePolicy } from '../outside/outside-policy.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'
import type { TokenKeys } from '../secrets/signing-keys.ts'
import type { Caller, Identity } from './identity.ts'

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

export type CoreEngine = TransactionalEngine<pg.ClientBase>

export interface Authenticator {
  /** @param secret an API key or a token. @throws unauthenticated, rate_limited */
  authenticate(secret: string): Promise<Identity>
  /** Makes this process look every key up again, after one was revoked. */
  forget(): void
}

export interface Answer {
  /** HTTP status of success. */
  readonly status: number
  readonly output: unknown
  /** The stored answer to an earlier request with the same idempotency key. */
  readonly replayed: boolean
}

/** What all calls of a process share. There is one in each process. */
export interface Kernel {
  /**
   * Calls an operation: the one way to act, for people, agents, runs and timers.
   * @param input the input, or a function that reads it once the caller is known and may do this. @throws ProblemError and nothing else
   */
  call(operation: string, caller: Caller, input: unknown): Promise<Answer>
  readonly database: Database
  readonly engine: CoreEngine
  readonly clock: Clock
  readonly log: Log
  readonly authenticator: Authenticator
  /** By caller. Null: it may go on. */
  readonly limitRate: (caller: string) => { readonly retryAfterMs: number } | null
  /** Hints to all processes that the event log may have grown; to be called after a commit. Without the hint they find out later. */
  readonly announce: () => void
  /** Public keys of signed audit checkpoints, by name. */
  readonly auditKeys: ReadonlyMap<string, KeyObject>
  /** Seal and open stored secrets. */
  readonly secretKeys: SecretKeys
  /** Sign tokens. */
  readonly tokenKeys: TokenKeys
  /** What may be reached outside of this installation. */
  readonly outside: OutsidePolicy
  /** The address of this server for the world, without a slash at the end; empty if it is not known. */
  readonly publicUrl: () => string
  /** Of the server. */
  readonly version: string
  /** Parse every answer with its operation's shape; for tests and development. */
  readonly checkOutputs: boolean
}
