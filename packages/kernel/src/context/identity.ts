import type { Id, Permission } from '@orrery/contract'

/**
 * Who acts: an API key, a member, an agent, a node, a run, or the system. `id` is a public id. For the system it is a fixed word, such as
 * `automations`, because a name that a caller chooses could look like the id of a run or of a key.
 */
export type Actor =
  | { readonly type: 'api_key'; readonly id: string; readonly name: string }
  | { readonly type: 'member'; readonly id: string; readonly name: string }
  | { readonly type: 'agent'; readonly id: string; readonly name: string }
  | { readonly type: 'node'; readonly id: string; readonly name: string }
  /** A step of a run calls a tool, whose name is `name`. Audit entries show the type `system`. */
  | { readonly type: 'run'; readonly id: string; readonly name: string }
  | { readonly type: 'system'; readonly id: string; readonly name: string }

export type TokenUse = 'access' | 'refresh'

/** The content of a token whose signature was verified. Other ids than the holder's are UUIDs. */
export interface TokenClaims {
  readonly use: TokenUse
  readonly org: string
  /** The public id of the key or agent that it acts for. */
  readonly holder: Id<'key'> | Id<'agt'>
  readonly family: string
  /** Number of the refresh token within the token family. */
  readonly generation: number
  /** The API contract that the holder uses, such as `ordinaut`; null: Orrery's own. */
  readonly contract: string | null
  /** The scopes to which it is narrowed. Null: it has all of its holder. */
  readonly scopes: readonly Permission[] | null
}

/**
 * How a person logged in. `passkey_device`: on another machine, confirmed in a browser with a login that was made with a passkey. The database
 * may hold methods of a newer server.
 */
export type LoginMethod = 'link' | 'passkey' | 'setup' | 'github' | 'sso' | 'device' | 'passkey_device'

/** A login of a person: of a browser, or of a command line on one machine. Ids are UUIDs. */
export interface Login {
  readonly id: string
  readonly person: string
  /** The organization that the person used last with this login. Null: none yet. */
  readonly org: string | null
  /** False: of a command line. Such a login is not good for the pages and ways to log in. */
  readonly isBrowser: boolean
  /** The person may create and list organizations. */
  readonly administersInstallation: boolean
  readonly method: LoginMethod
  /** When the person last proved who they are, in ms since the epoch. */
  readonly provedAt: number
  readonly expiresAt: number
}

/** A program that acts for a member, because the person allowed it (OAuth). */
export interface OAuthClient {
  /** What it is called in OAuth: a random text, or the URL of its metadata. */
  readonly id: string
  /** What it calls itself. */
  readonly name: string
  /** What the person allowed it: permissions, and names of sets of them. */
  readonly scopes: readonly string[]
  /** What the person could allow it: the permissions of the member's role. */
  readonly mayAskFor: ReadonlySet<Permission>
}

/** An authenticated actor and its permissions. */
export interface Identity {
  readonly actor: Actor
  /** A UUID. */
  readonly org: string
  readonly permissions: ReadonlySet<Permission>
  /** Absent: the caller did not send a token. */
  readonly token?: TokenClaims
  /** The UUID of an agent's credential, whose secret the caller sent. Such a caller may only exchange it, or revoke its tokens. */
  readonly credential?: string
  /** Absent: the caller is not a member that has logged in. */
  readonly login?: Login
  /** When the credential ends by itself, in ms since the epoch. Absent: never. */
  readonly expiresAt?: number
  /** Absent: the actor itself calls, not a program in its name. */
  readonly client?: OAuthClient
}

/** What a credential leads to, until `expiresAt` (ms since the epoch). */
export interface FoundIdentity {
  readonly identity: Identity
  readonly expiresAt: number
}

/** A caller, as the face that received the request describes it. */
export interface Caller {
  /** A key, secret or token that must be looked up, an identity that is known already, or null. */
  readonly credential: string | Identity | null
  readonly requestId: string
  readonly traceId: string | null
  readonly idempotencyKey: string | null
  /** `rest`, `trpc`, `mcp`, `tool` …, for the log. */
  readonly face: string
  /** The network address of the client. Absent: it is in this process, or not known. */
  readonly address?: string
  /** The organization that a member wants to act in, a UUID. Absent: the one that was used last. Keys and tokens have one organization. */
  readonly org?: string
}
