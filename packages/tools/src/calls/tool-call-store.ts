import type { Json, ToolKind } from '@orrery/contract'
import { type Database, empty, sql, type Transaction } from '@orrery/kernel'

export interface ToolCallRow {
  readonly org_id: string
  readonly call_id: string
  readonly tool: string
  readonly tool_version: number | null
  readonly kind: ToolKind
  readonly run_id: string | null
  readonly step: string
  readonly attempt: number
  readonly outcome: 'succeeded' | 'failed' | 'stopped'
  readonly error: { readonly [key: string]: Json } | null
  readonly started_at: Date
  readonly took_ms: number
  /** A bigint, which the driver returns as text. */
  readonly input_tokens: string | null
  readonly output_tokens: string | null
  readonly cost: number | null
  readonly model: string | null
}

/** Inserts calls of all organizations in one statement; each row has its org_id. */
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
export function selectToolCalls(tx: Transaction, org: string, { tool, run, before, limit }: ToolCallFilter): Promise<ToolCallRow[]> {
  return tx.rows<ToolCallRow>(
    sql`select org_id, call_id, tool, tool_version, kind, run_id, step, attempt, outcome, error, started_at, took_ms,
          input_tokens, output_tokens, cost, model
        from app.tool_call
        where org_id = ${org} ${tool === undefined ? empty : sql`and tool = ${tool}`} ${run === undefined ? empty : sql`and run_id = ${run}`}
          ${before === null ? empty : sql`and call_id < ${before}`}
        order by call_id desc limit ${limit}`,
  )
}

/** Deletes up to `limit` calls, in all organizations, that began before `before`. Returns the number of deleted calls. */
export function deleteToolCalls(tx: Transaction, before: Date, limit: number): Promise<number> {
  return tx.write(
    sql`delete from app.tool_call where (org_id, call_id) in (
          select org_id, call_id from app.tool_call where started_at < ${before} limit ${limit})`,
  )
}
