import type { CallToolResult } from '@modelcontextprotocol/client'
import type { Json } from '@orrery/contract'
import { ToolError, type ToolResult } from '../port/tool-port.ts'

const MESSAGE_LETTERS_MAX = 2_000

/**
 * The structured content if there is any, else all texts as one and every block as it came: `{ text, content }`.
 * @throws ToolError `McpToolError` for what a tool itself reports as an error. Whether that passes nobody can tell, so it may be tried again.
 */
export function readResult(name: string, { content, structuredContent, isError }: CallToolResult): ToolResult {
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
  if (isError === true) {
    throw new ToolError('McpToolError', `${name}: ${text.slice(0, MESSAGE_LETTERS_MAX) || 'it failed without saying why'}`, {
      isRetryable: true,
    })
  }
  // It came as JSON.
  if (structuredContent !== undefined) return { output: structuredContent as Json }
  return { output: { text, content: content as unknown as Json } }
}
