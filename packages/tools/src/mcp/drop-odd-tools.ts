import { isSpecType, type JSONRPCMessage } from '@modelcontextprotocol/client'
import { z } from 'zod'

/** An entry of a list of tools that cannot be used. */
export interface OddTool {
  /** Its name, or the beginning of the entry if it has none. */
  readonly tool: string
  readonly reason: string
}

const NAME_LETTERS_MAX = 128

const schema = z.looseObject({
  type: z.literal('object'),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
})
/** The members of which a call is made (MCP, "Tools", data types). */
const usable = z.looseObject({
  name: z.string().min(1),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: schema,
  outputSchema: schema.optional(),
  annotations: z.looseObject({}).optional(),
})

/**
 * Removes the tools from an answer to `tools/list` that the client library would not accept, which refuses a whole list for one of them.
 * Returns any other message as it is.
 */
export function dropOddTools(message: JSONRPCMessage, report: (odd: OddTool) => void): JSONRPCMessage {
  if (!('result' in message) || !Array.isArray(message.result.tools)) return message
  const tools = (message.result.tools as unknown[]).filter((tool) => {
    const reason = findOddity(tool)
    if (reason !== null) report({ tool: nameOf(tool), reason })
    return reason === null
  })
  return { ...message, result: { ...message.result, tools } }
}

function findOddity(tool: unknown): string | null {
  const issue = usable.safeParse(tool).error?.issues[0]
  if (issue !== undefined) return `It is not a tool of MCP: ${[...issue.path, issue.message].join('.').replace(/\.(?=[^.]*$)/, ': ')}`
  return isSpecType.Tool(tool) ? null : 'It is not a tool of MCP: one of its annotations, icons or other members is not as specified'
}

function nameOf(tool: unknown): string {
  const name = typeof tool === 'object' && tool !== null && 'name' in tool ? tool.name : tool
  return (typeof name === 'string' ? name : (JSON.stringify(name) ?? '')).slice(0, NAME_LETTERS_MAX).toWellFormed().replaceAll('\0', '')
}
