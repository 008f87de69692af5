import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client'
import { OutsideError } from '@orrery/kernel'
import { ToolError } from '../port/tool-port.ts'
import { McpRefusal } from './mcp-clients.ts'

const MESSAGE_LETTERS_MAX = 1_000
/** JSON-RPC 2.0, section 5.1: the request itself is wrong. */
const FINAL_CODES: ReadonlySet<number> = new Set([-32_600, -32_601, -32_602])

/** Converts an error from a session with an MCP server to a ToolError. Returns a ToolError or an OutsideError unchanged. */
export function toMcpFailure(name: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof ToolError) return error
  if (error instanceof McpRefusal) return new ToolError('ConnectionError', error.message, error)
  const outside = findOutside(error)
  if (outside !== null) return outside
  const fail = (message: string, isRetryable: boolean) =>
    new ToolError('McpError', `${name}: ${message.slice(0, MESSAGE_LETTERS_MAX)}`, { isRetryable })
  if (error instanceof UnauthorizedError) return fail('its server rejected the credentials of the connection', false)
  if (error instanceof SdkHttpError) return fail(`its server answered with status ${error.status ?? 'none'}`, isTransient(error.status))
  if (error instanceof ProtocolError) return fail(error.message, !FINAL_CODES.has(error.code))
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) return fail('its server did not answer in time', true)
  return fail(error instanceof Error ? error.message : 'its server failed', true)
}

/** 404 means that the server no longer knows the session (MCP, "Streamable HTTP"). The next attempt opens a new one. */
function isTransient(status: number | undefined): boolean {
  return status === undefined || status === 404 || status === 408 || status === 425 || status === 429 || status >= 500
}

/** Finds the error of our own fetch, which the client may have wrapped. */
function findOutside(error: unknown): OutsideError | null {
  let at = error
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    if (at instanceof OutsideError) return at
    at = at.cause
  }
  return null
}
