import { decodeId, encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { Actor, TokenClaims } from '../context/identity.ts'
import type { FamilyOwner } from './token-family-store.ts'

export interface TokenHolder {
  readonly id: TokenClaims['holder']
  /** What the token families belong to that the caller starts. */
  readonly owner: FamilyOwner
}

/** The caller, if it may start token families: it sent an API key or the secret of an agent's credential. Otherwise null. */
export function findHolder(ctx: Ctx): TokenHolder | null {
  if (ctx.token !== null) return null
  const [key, agent] = [decodeId('key', ctx.actor.id), decodeId('agt', ctx.actor.id)]
  if (key !== null) return { id: encodeId('key', key), owner: { key_id: key, credential_id: null } }
  if (agent === null || ctx.credential === null) return null
  return { id: encodeId('agt', agent), owner: { key_id: null, credential_id: ctx.credential } }
}

/** Whether a caller means this key or agent by what it sent as an id (as a TypeID or a UUID) or name. */
export function isNamed({ id, name }: Pick<Actor, 'id' | 'name'>, sent: string): boolean {
  return [id, decodeId('key', id) ?? decodeId('agt', id), name].includes(sent)
}
