import type { Permission } from '@orrery/contract'
import type { Actor } from './context.ts'
import type { TokenClaims } from '../access/token.ts'

/** Who has been recognized, and what he may do. */
export interface Identity {
  readonly actor: Actor
  /** A UUID. */
  readonly org: string
  readonly permissions: ReadonlySet<Permission>
  /** He came with a token; absent: with a key, or as what needs none. */
  readonly token?: TokenClaims
}
