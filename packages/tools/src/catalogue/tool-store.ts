import type { ToolKind, ToolStatus } from '@orrery/contract'
import { assignments, empty, insertInto, sql, type Transaction } from '@orrery/kernel'
import type { ToolOffer } from '../mcp/to-offer.ts'
import type { ToolRow } from './tool-row.ts'

const COLUMNS = sql`org_id, name, kind, description, version, definition, pin, status, offer, created_at, updated_at`

export function selectTool(tx: Transaction, org: string, name: string): Promise<ToolRow | undefined> {
  return tx.row<ToolRow>(sql`select ${COLUMNS} from app.tool where org_id = ${org} and name = ${name}`)
}

/** Serializes changes to the tools of an organization until the end of the transaction, so that a free name stays free. */
export async function lockTools(tx: Transaction, org: string): Promise<void> {
  await tx.row(sql`select pg_advisory_xact_lock(hashtextextended(${`${org}/tools`}, 8))`)
}

export type NamedDefinition = Pick<ToolRow, 'name' | 'definition'>

/** The definitions of the organization with these names, ordered by name. */
export function selectDefinitions(tx: Transaction, org: string, names: readonly string[]): Promise<NamedDefinition[]> {
  return tx.rows<NamedDefinition>(sql`select name, definition from app.tool where org_id = ${org} and name = any (${names}) order by name`)
}

/** All names, in order; their number is limited. */
export async function selectToolNames(tx: Transaction, org: string): Promise<string[]> {
  const rows = await tx.rows<{ readonly name: string }>(sql`select name from app.tool where org_id = ${org} order by name`)
  return rows.map(({ name }) => name)
}

export interface ToolFilter {
  readonly kind: ToolKind | undefined
  /** Part of the name or of the description, case-insensitive. */
  readonly search: string | undefined
  /** Only names after this one. */
  readonly after: string | null
  readonly limit: number
}

/** Ordered by name. */
export function selectTools(tx: Transaction, org: string, { kind, search, after, limit }: ToolFilter): Promise<ToolRow[]> {
  return tx.rows<ToolRow>(
    sql`select ${COLUMNS} from app.tool
        where org_id = ${org} ${after === null ? empty : sql`and name > ${after}`} ${kind === undefined ? empty : sql`and kind = ${kind}`}
          ${search === undefined ? empty : sql`and strpos(lower(name || ' ' || description), lower(${search})) > 0`}
        order by name limit ${limit}`,
  )
}

/**
 * Tools of a connection. Definitions are compared in code: in SQL, a string with \u0000 in one definition would fail the whole query.
 * @param connections its id and name
 */
export async function selectToolsOfConnection(tx: Transaction, org: string, connections: readonly string[]): Promise<ToolRow[]> {
  const rows = await tx.rows<ToolRow>(sql`select ${COLUMNS} from app.tool where org_id = ${org} and kind = 'mcp' order by name`)
  return rows.filter(
    ({ definition: { implementation } }) => implementation.kind === 'mcp' && connections.includes(implementation.connection),
  )
}

export async function countTools(tx: Transaction, org: string): Promise<number> {
  const row = await tx.row<{ count: number }>(sql`select count(*)::int as count from app.tool where org_id = ${org}`)
  return row?.count ?? 0
}

/** The next version of a name. Versions continue after a tool was deleted and created again. */
export async function nextVersion(tx: Transaction, org: string, name: string): Promise<number> {
  const row = await tx.row<{ version: number }>(
    sql`select coalesce(max(version), 0) + 1 as version from app.tool_version where org_id = ${org} and name = ${name}`,
  )
  return row?.version ?? 1
}

/** Saves the tool, and adds its version to the history unless the history has it already. */
export async function saveTool(tx: Transaction, row: ToolRow): Promise<void> {
  const { org_id, name, version, created_at, updated_at, ...rest } = row
  const definition = JSON.stringify(row.definition)
  const offer = row.offer === null ? null : JSON.stringify(row.offer)
  const values = { ...rest, version, definition, offer, updated_at }
  await tx.write(
    sql`${insertInto('app.tool', { org_id, name, created_at, ...values })}
        on conflict (org_id, name) do update set ${assignments(values)}`,
  )
  await tx.write(
    sql`${insertInto('app.tool_version', { org_id, name, version, definition, created_at: updated_at })} on conflict do nothing`,
  )
}

/** Records the current description of a server. The accepted definition does not change. */
export async function markTool(tx: Transaction, org: string, name: string, status: ToolStatus, offer: ToolOffer | null): Promise<void> {
  const changes = { status, offer: offer === null ? null : JSON.stringify(offer) }
  await tx.write(sql`update app.tool set ${assignments(changes)} where org_id = ${org} and name = ${name}`)
}

/** Returns the deleted row. */
export function removeTool(tx: Transaction, org: string, name: string): Promise<ToolRow | undefined> {
  return tx.row<ToolRow>(sql`delete from app.tool where org_id = ${org} and name = ${name} returning ${COLUMNS}`)
}
