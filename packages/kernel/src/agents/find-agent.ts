import type { Transaction } from '../database/database.ts'
import type { AgentRow } from './agent-row.ts'
import { lockAgent, selectAgent, touchAgentRow } from './agent-store.ts'

/** For code that looks up identities. Null: the agent does not exist, or is suspended. Ids are UUIDs. */
export async function findActiveAgent(tx: Transaction, org: string, agent: string): Promise<AgentRow | null> {
  const row = await selectAgent(tx, org, agent)
  return row === undefined || row.suspended_at !== null ? null : row
}

/** For writes about an agent: it cannot change or disappear before the transaction ends. Null: it does not exist. */
export async function holdAgent(tx: Transaction, org: string, agent: string): Promise<AgentRow | null> {
  return (await lockAgent(tx, org, agent)) ?? null
}

export function touchAgent(tx: Transaction, { org_id: org, agent_id: agent }: AgentRow, at: Date): Promise<void> {
  return touchAgentRow(tx, org, agent, at)
}
