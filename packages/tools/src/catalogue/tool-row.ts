import type { Json, JsonFields, ToolDefinition, ToolKind, ToolStatus } from '@orrery/contract'

export interface ToolRow {
  readonly org_id: string
  readonly name: string
  readonly kind: ToolKind
  readonly description: string
  readonly version: number
  readonly definition: ToolDefinition
  /** Hash of the definition that was accepted from an MCP server. */
  readonly pin: string | null
  readonly status: ToolStatus
  readonly offer: ToolOffer | null
  readonly created_at: Date
  readonly updated_at: Date
}

/** The part of a tool that an MCP server says. */
export interface ToolOffer {
  readonly description: string
  readonly inputSchema: JsonFields
  readonly outputSchema: JsonFields | null
  readonly pin: string
}

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
  /** PostgreSQL gives bigint as text. */
  readonly input_tokens: string | null
  readonly output_tokens: string | null
  readonly cost: number | null
  readonly model: string | null
}
