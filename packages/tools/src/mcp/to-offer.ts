import type { Tool as RemoteTool } from '@modelcontextprotocol/client'
import type { JsonFields } from '@orrery/contract'
import { digest } from '@orrery/kernel'

/** The part of a tool that an MCP server says. */
export interface ToolOffer {
  readonly description: string
  readonly inputSchema: JsonFields
  readonly outputSchema: JsonFields | null
  readonly pin: string
}

const DESCRIPTION_LETTERS_MAX = 10_000

/**
 * What a server says of a tool, and a hash of all that a model would read of it or that says how it is called: a server that was trustworthy when
 * it was added can be told later to say something else.
 */
export function toOffer({ name, title, description, inputSchema, outputSchema, annotations }: RemoteTool): ToolOffer {
  const said = { name, title, description, inputSchema, outputSchema, annotations }
  return {
    description: (description ?? title ?? name).slice(0, DESCRIPTION_LETTERS_MAX).toWellFormed().replaceAll('\0', '') || name,
    inputSchema: inputSchema as JsonFields,
    outputSchema: (outputSchema as JsonFields | undefined) ?? null,
    pin: digest(said).toString('hex'),
  }
}
