import type { Tool as RemoteTool } from '@modelcontextprotocol/client'
import type { JsonFields } from '@orrery/contract'
import { digest } from '@orrery/kernel'

/** The part of a tool definition that comes from an MCP server. */
export interface ToolOffer {
  readonly description: string
  readonly inputSchema: JsonFields
  readonly outputSchema: JsonFields | null
  readonly pin: string
}

const DESCRIPTION_LETTERS_MAX = 10_000

/**
 * Converts the description of a tool, with a hash over everything that a model reads or that defines how the tool is called. The hash
 * detects changes: a server that was trustworthy when it was added may later be made to send another description.
 */
export function toOffer({ name, title, description, inputSchema, outputSchema, annotations }: RemoteTool): ToolOffer {
  const described = { name, title, description, inputSchema, outputSchema, annotations }
  return {
    description: (description ?? title ?? name).slice(0, DESCRIPTION_LETTERS_MAX).toWellFormed().replaceAll('\0', '') || name,
    inputSchema: inputSchema as JsonFields,
    outputSchema: (outputSchema as JsonFields | undefined) ?? null,
    pin: digest(described).toString('hex'),
  }
}
