import type { ToolDefinition, ToolKind, ToolStatus } from '@orrery/contract'
import type { ToolOffer } from '../mcp/to-offer.ts'

export interface ToolRow {
  readonly org_id: string
  readonly name: string
  readonly kind: ToolKind
  readonly description: string
  readonly version: number
  readonly definition: ToolDefinition
  /** Hash of the description that was accepted from an MCP server. */
  readonly pin: string | null
  readonly status: ToolStatus
  readonly offer: ToolOffer | null
  readonly created_at: Date
  readonly updated_at: Date
}
