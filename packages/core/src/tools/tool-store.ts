import type { ToolKind, ToolStatus } from '@orrery/contract'
import { sql as kysely } from 'kysely'
import type { Database, Transaction } from '../database/database.ts'
import { sql } from '../database/sql.ts'
import type { ToolCallRow, ToolOffer, ToolRow } from './tool-row.ts'

const COLUMNS = [
  'org_id',
  'name',
  'kind',
  'description',
  'version',
  'definition',
  'pin',
  'status',
  'offer',
  'created_at',
  'updated_at',
] as const

const CALL_COLUMNS = [
  'org_id',
  'call_id',
  'tool',
  'tool_version',
  'kind',
  'run_id',
  'step',
  'attempt',
  'outcome',
  'error',
  'started_at',
  'took_ms',
  'input_tokens',
  'output_tokens',
  'cost',
  'model',
] as const

export function selectTool(tx: Transaction, org: string, name: string): Promise<ToolRow | undefined> {
  return tx.kysely.selectFrom('app.tool').select(COLUMNS).where('org_id', '=', org).where('name', '=', name).executeTakeFirst()
}

/** One change at a time to the tools of an organization: a name may be free now and taken in a moment. Held to the end of the transaction. */
export async function lockTools(tx: Transaction, org: string): Promise<void> {
  await tx.client.query('select pg_advisory_xact_lock(hashtextextended($1, 8))', [`${org}/tools`])
}

/** Of every tool there is; their number is bounded. */
export function selectDefinitions(tx: Transaction, org: string): Promise<Pick<ToolRow, 'name' | 'definition'>[]> {
  return tx.kysely.selectFrom('app.tool').select(['name', 'definition']).where('org_id', '=', org).orderBy('name').execute()
}

export interface ToolFilter {
  readonly kind: ToolKind | undefined
  /** Part of the name or of the description, in any case. */
  readonly search: string | undefined
  /** Names behind this one only. */
  readonly after: string | null
  readonly limit: number
}

/** By name. */
export function selectTools(tx: Transaction, org: string, filter: ToolFilter): Promise<ToolRow[]> {
  let query = tx.kysely.selectFrom('app.tool').select(COLUMNS).where('org_id', '=', org)
  if (filter.after !== null) query = query.where('name', '>', filter.after)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.search !== undefined) {
    const { search } = filter
    query = query.where(kysely<boolean>`strpos(lower(name || ' ' || description), lower(${search})) > 0`)
  }
  return query.orderBy('name').limit(filter.limit).execute()
}

/** Of a connection under any of its names. Told apart here: in SQL, one text with \u0000 in a definition would fail the whole query. */
export async function selectToolsOfConnection(tx: Transaction, org: string, connections: readonly string[]): Promise<ToolRow[]> {
  const rows = await tx.kysely
    .selectFrom('app.tool')
    .select(COLUMNS)
    .where('org_id', '=', org)
    .where('kind', '=', 'mcp')
    .orderBy('name')
    .execute()
  return rows.filter(
    ({ definition: { implementation } }) => implementation.kind === 'mcp' && connections.includes(implementation.connection),
  )
}

export async function countTools(tx: Transaction, org: string): Promise<number> {
  const { rows } = await tx.client.query<{ count: number }>('select count(*)::int as count from app.tool where org_id = $1', [org])
  return rows[0]?.count ?? 0
}

/** The next number of a name, which may have had versions before it was deleted. */
export async function nextVersion(tx: Transaction, org: string, name: string): Promise<number> {
  const { rows } = await tx.client.query<{ version: number }>(
    'select coalesce(max(version), 0) + 1 as version from app.tool_version where org_id = $1 and name = $2',
    [org, name],
  )
  return rows[0]?.version ?? 1
}

/** With its version in the history, unless that is there already: what an MCP server says changes without a new version. */
export async function saveTool(tx: Transaction, row: ToolRow): Promise<void> {
  const { org_id, name, version, created_at, updated_at } = row
  const definition = JSON.stringify(row.definition)
  const values = {
    kind: row.kind,
    description: row.description,
    version,
    definition,
    pin: row.pin,
    status: row.status,
    offer: row.offer === null ? null : JSON.stringify(row.offer),
    updated_at,
  }
  await tx.kysely
    .insertInto('app.tool')
    .values({ org_id, name, created_at, ...values })
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet(values))
    .execute()
  await tx.kysely
    .insertInto('app.tool_version')
    .values({ org_id, name, version, definition, created_at: updated_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** A server's word on tools that are there; nothing of what was accepted changes. */
export async function markTool(tx: Transaction, org: string, name: string, status: ToolStatus, offer: ToolOffer | null): Promise<void> {
  await tx.kysely
    .updateTable('app.tool')
    .set({ status, offer: offer === null ? null : JSON.stringify(offer) })
    .where('org_id', '=', org)
    .where('name', '=', name)
    .execute()
}

/** The row as it was. */
export function removeTool(tx: Transaction, org: string, name: string): Promise<ToolRow | undefined> {
  return tx.kysely.deleteFrom('app.tool').where('org_id', '=', org).where('name', '=', name).returning(COLUMNS).executeTakeFirst()
}

/** Of any organizations, in one statement. */
export async function insertToolCalls(database: Database, rows: readonly ToolCallRow[]): Promise<void> {
  await database.ask(sql`insert into app.tool_call select * from json_populate_recordset(null::app.tool_call, ${JSON.stringify(rows)})`)
}

export interface ToolCallFilter {
  readonly tool: string | undefined
  /** A UUID. */
  readonly run: string | undefined
  /** Calls with a smaller id only. */
  readonly before: string | null
  readonly limit: number
}

/** Newest first: ids sort by time. */
export function selectToolCalls(tx: Transaction, org: string, filter: ToolCallFilter): Promise<ToolCallRow[]> {
  let query = tx.kysely.selectFrom('app.tool_call').select(CALL_COLUMNS).where('org_id', '=', org)
  if (filter.tool !== undefined) query = query.where('tool', '=', filter.tool)
  if (filter.run !== undefined) query = query.where('run_id', '=', filter.run)
  if (filter.before !== null) query = query.where('call_id', '<', filter.before)
  return query.orderBy('call_id', 'desc').limit(filter.limit).execute()
}
