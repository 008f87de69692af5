import { encodeId } from '@orrery/contract'
import { knownScopes } from '../context/known-scopes.ts'

export interface AgentRow {
  readonly org_id: string
  readonly agent_id: string
  readonly name: string
  readonly description: string
  readonly scopes: readonly string[]
  readonly created_at: Date
  readonly suspended_at: Date | null
  readonly last_seen_at: Date | null
}

/** The public form of an agent. */
export function toAgent(row: AgentRow) {
  return {
    id: encodeId('agt', row.agent_id),
    name: row.name,
    description: row.description,
    scopes: knownScopes(row.scopes),
    createdAt: row.created_at.toISOString(),
    suspendedAt: row.suspended_at?.toISOString() ?? null,
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
  }
}
