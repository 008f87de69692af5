import type { CallToolResult } from '@modelcontextprotocol/client'
import type { Json } from '@orrery/contract'
import { ToolError, type ToolResult } from '../port/tool-port.ts'

const MESSAGE_LETTERS_MAX = 2_000

/**
 * Returns the structured content, or else `{ text, content }`: all texts joined, and the blocks unchanged.
 * @throws ToolError `McpToolError` for an error that the tool reports. It is retryable, because MCP does not say whether the error is
 * permanent.
 */
export function readResult(name: string, { content, structuredContent, isError }: CallToolResult): ToolResult {
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
  if (isError === true) {
    throw new ToolError('McpToolError', `${name}: ${text.slice(0, MESSAGE_LETTERS_MAX) || 'it failed without saying why'}`, {
      isRetryable: true,
    })
  }
  // It was received as JSON.
  if (structuredContent !== undefined) return { output: structuredContent as Json }
  return { output: { text, content: content as unknown as Json } }
}
