import { problem } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import { onConstraint } from '../database/on-constraint.ts'
import { empty, insertInto, sql } from '../database/sql.ts'
import type { AgentRow } from './agent-row.ts'

const COLUMNS = sql`org_id, agent_id, name, description, scopes, created_at, suspended_at, last_seen_at`

/** @throws agent.name_taken */
export async function insertAgent(tx: Transaction, row: AgentRow): Promise<void> {
  await refuseTakenName(row.name, tx.write(insertInto('app.agent', row)))
}

/** Newest first, because ids sort by creation time. */
export function selectAgents(tx: Transaction, org: string, before: string | null, limit: number): Promise<AgentRow[]> {
  return tx.rows<AgentRow>(
    sql`select ${COLUMNS} from app.agent where org_id = ${org} ${before === null ? empty : sql`and agent_id < ${before}`}
        order by agent_id desc limit ${limit}`,
  )
}

export function selectAgent(tx: Transaction, org: string, agent: string): Promise<AgentRow | undefined> {
  return tx.row<AgentRow>(sql`select ${COLUMNS} from app.agent where org_id = ${org} and agent_id = ${agent}`)
}

/** The same, and locks the row, so that it cannot change before the transaction ends. */
export function lockAgent(tx: Transaction, org: string, agent: string): Promise<AgentRow | undefined> {
  return tx.row<AgentRow>(sql`select ${COLUMNS} from app.agent where org_id = ${org} and agent_id = ${agent} for update`)
}

/** @throws agent.name_taken */
export async function updateAgentRow(tx: Transaction, row: AgentRow): Promise<void> {
  const { org_id: org, agent_id: agent, name, description, scopes, suspended_at: suspendedAt } = row
  const write = tx.write(
    sql`update app.agent set name = ${name}, description = ${description}, scopes = ${scopes}, suspended_at = ${suspendedAt}
        where org_id = ${org} and agent_id = ${agent}`,
  )
  await refuseTakenName(name, write)
}

/** Its credentials and their token families are deleted with it. Returns the deleted row. */
export function deleteAgentRow(tx: Transaction, org: string, agent: string): Promise<AgentRow | undefined> {
  return tx.row<AgentRow>(sql`delete from app.agent where org_id = ${org} and agent_id = ${agent} returning ${COLUMNS}`)
}

export async function touchAgentRow(tx: Transaction, org: string, agent: string, at: Date): Promise<void> {
  await tx.write(sql`update app.agent set last_seen_at = ${at} where org_id = ${org} and agent_id = ${agent}`)
}

function refuseTakenName<T>(name: string, write: Promise<T>): Promise<T> {
  return onConstraint(write, { agent_name: () => problem('agent.name_taken', `An agent named ${name} already exists.`) })
}
