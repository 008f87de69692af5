import type { JsonObject, ToolImplementation } from '@orrery/contract'
import { noteOffer } from '../catalogue/record-offer.ts'
import type { ToolRow } from '../catalogue/tool-row.ts'
import { mcpClientsOf } from '../mcp/mcp-clients.ts'
import { toMcpFailure } from '../mcp/mcp-failure.ts'
import { readResult } from '../mcp/read-result.ts'
import { toOffer } from '../mcp/to-offer.ts'
import { type ToolContext, ToolError, type ToolResult } from '../port/tool-port.ts'

interface McpTool {
  readonly name: string
  readonly pin: string | null
  readonly status: ToolRow['status']
  readonly implementation: Extract<ToolImplementation, { kind: 'mcp' }>
}

const WHY = {
  changed: 'its server changed its definition, which waits for a review (tools.review)',
  refused: 'the changed definition of its server was refused',
  missing: 'its server does not have it any more',
} as const

/** Calls a tool of an MCP server, if it is still the one that was accepted. @throws ToolError, OutsideError */
export async function callMcp(tool: McpTool, args: JsonObject, context: ToolContext): Promise<ToolResult> {
  const { name, pin, status, implementation } = tool
  if (status !== 'ready') throw unusable(name, WHY[status])
  const connection = await context.openConnection(implementation.connection)
  const { ctx, signal, outside } = context
  try {
    return await mcpClientsOf(ctx.kernel).use(ctx.org, connection, async (session) => {
      const remote = (await session.tools()).get(implementation.tool)
      const offer = remote === undefined ? null : toOffer(remote)
      if (offer === null || offer.pin !== pin) {
        await noteOffer(ctx, name, offer)
        throw unusable(name, WHY[offer === null ? 'missing' : 'changed'])
      }
      // Waiting for the session may have taken all the time there was.
      signal.throwIfAborted()
      const result = await session.call(implementation.tool, { ...args }, { signal, timeoutMs: outside.totalMs })
      return readResult(name, result)
    })
  } catch (error) {
    throw toMcpFailure(name, error, signal)
  }
}

function unusable(name: string, why: string): ToolError {
  return new ToolError('ToolChanged', `${name} cannot be called: ${why}`, { isRetryable: false })
}
