import type { KeyObject } from 'node:crypto'
import type { TransactionalEngine } from '@orrery/engine'
import type pg from 'pg'
import type { Compute } from '../compute/create-compute.ts'
import type { Database } from '../database/database.ts'
import type { OutsidePolicy } from '../outside/outside-policy.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'
import type { TokenKeys } from '../secrets/signing-keys.ts'
import type { Caller, Identity } from './identity.ts'

/** The database's time, in ms since the epoch. */
export interface Clock {
  now(): number
}

/** The part of pino's logger that is used. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

export type CoreEngine = TransactionalEngine<pg.ClientBase>

/** Where this server is, as OAuth sees it. */
export interface OAuthAddresses {
  /** As of RFC 8414: without a trailing slash. */
  readonly issuer: string
  /** The resources that are this server (RFC 8707), the usual one first. */
  readonly resources: readonly string[]
}

export interface Authenticator {
  /**
   * @param secret an API key, a token, or the secret of a login
   * @param from the network address, by which unknown secrets are limited, and the organization that is meant
   * @throws unauthenticated, rate_limited
   */
  authenticate(secret: string, from?: Pick<Caller, 'address' | 'org'>): Promise<Identity>
  /** After a key, or tokens of it, was revoked, or a member changed: this process looks them up again. @param actor its public id */
  forget(actor: string): void
  /** The same for all identities that match, such as those of an organization whose rules have changed, or those of an ended login. */
  forgetWhere(matches: (identity: Identity) => boolean): void
}

/** A mail to hand to a mail server. */
export interface Mail {
  /** A UUID. All attempts have the same one, so that a second delivery can be recognized. */
  readonly id: string
  /** One e-mail address. */
  readonly recipient: string
  /** One line. */
  readonly subject: string
  readonly text: string
}

/** The way of mails out of this installation. */
export interface MailTransport {
  /**
   * Resolves when the mail server has taken the mail. @param signal aborts when an attempt takes too long
   * @throws MailRefused: no further attempt can succeed. Other errors are temporary. The messages have no secrets
   */
  send(mail: Mail, signal: AbortSignal): Promise<void>
}

export interface Outbox {
  /** Null: mails stay in the outbox, where the local mailbox shows them. */
  readonly transport: MailTransport | null
  /** Call it after a commit with a new mail, so that this process sends it at once. Without the hint it finds the mail within two seconds. */
  hint(): void
  /** Sets what a hint starts. */
  onHint(wake: () => void): void
}

export interface Answer {
  /** HTTP status of success. */
  readonly status: number
  readonly output: unknown
  /** True for the stored answer to an earlier request with the same idempotency key. */
  readonly replayed: boolean
}

/** What all calls of a process have in common. Each process has one. */
export interface Kernel {
  /**
   * Calls an operation. Every face and every run acts through this.
   * @param input the input, or a function that reads it after the caller was authenticated and authorized. @throws ProblemError only
   */
  call(operation: string, caller: Caller, input: unknown): Promise<Answer>
  readonly database: Database
  readonly engine: CoreEngine
  readonly clock: Clock
  readonly log: Log
  readonly authenticator: Authenticator
  /** Counts a request of this caller. Null: the caller is within its limit. */
  readonly limitRate: (caller: string) => { readonly retryAfterMs: number } | null
  /**
   * Hints to all processes that the event log may have grown. Call it after a commit. Without the hint they find out at their next poll.
   */
  readonly announce: () => void
  /** Public keys that verify audit checkpoints, by name. */
  readonly auditKeys: ReadonlyMap<string, KeyObject>
  /** Keys that seal and open stored secrets. */
  readonly secretKeys: SecretKeys
  /** Keys that sign and verify tokens. */
  readonly tokenKeys: TokenKeys
  /** Computes over what strangers send, apart from this process's own work. */
  readonly compute: Compute
  readonly outbox: Outbox
  /** The rules for requests to systems outside of this installation. */
  readonly outside: OutsidePolicy
  /** The public address of this server without a trailing slash; empty if it is not known. */
  readonly publicUrl: () => string
  /** Where this server is, as OAuth sees it; null: it is not known, so tokens of OAuth are refused. */
  readonly oauth: () => OAuthAddresses | null
  /** The server's version. */
  readonly version: string
  /** Whether to parse every output with the operation's shape: for tests and development. */
  readonly checkOutputs: boolean
}
