import type { Permission } from '@orrery/contract'

/** The one that acts: a person, an agent, an API key, a node, or the system, which acts for runs too (their public id is the actor's). */
export type Actor =
  | { readonly type: 'api_key'; readonly id: string; readonly name: string }
  | { readonly type: 'member'; readonly id: string; readonly name: string }
  | { readonly type: 'agent'; readonly id: string; readonly name: string }
  | { readonly type: 'node'; readonly id: string; readonly name: string }
  | { readonly type: 'system'; readonly id: string; readonly name: string }

export type TokenUse = 'access' | 'refresh'

/** What a token says, once its signature is known to be ours. Ids are UUIDs. */
export interface TokenClaims {
  readonly use: TokenUse
  readonly org: string
  readonly key: string
  readonly family: string
  /** Of the token family: counts its refresh tokens. */
  readonly generation: number
  /** Whose contract the holder speaks; null: ours. */
  readonly contract: string | null
}

/** An actor that was recognized, and what it may do. */
export interface Identity {
  readonly actor: Actor
  /** A UUID. */
  readonly org: string
  readonly permissions: ReadonlySet<Permission>
  /** Absent: it came with a key, or with nothing. */
  readonly token?: TokenClaims
}

/** A caller, as the face that it came by knows it. */
export interface Caller {
  /** An API key or token to be looked up, or an identity that is known by other means, or null. */
  readonly credential: string | Identity | null
  readonly requestId: string
  readonly traceId: string | null
  readonly idempotencyKey: string | null
  /** `rest`, `trpc`, `mcp`, `tool` …; for the log. */
  readonly face: string
}
