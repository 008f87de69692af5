import { mcpImplementation } from '@orrery/contract'
import { mcpClientsOf } from '../mcp/mcp-clients.ts'
import { toMcpFailure } from '../mcp/mcp-failure.ts'
import { readResult } from '../mcp/read-result.ts'
import { toOffer } from '../mcp/to-offer.ts'
import { ToolError } from '../port/tool-port.ts'
import type { Kind } from './kind.ts'

/** A tool of an MCP server, made by `tools.discover`. It can be called while the server still describes it as it was accepted. */
export const mcpKind: Kind<'mcp'> = {
  name: 'mcp',
  shape: mcpImplementation,
  reaches: 'outside',
  describedBy: 'server',
  timeoutMs: 30_000,
  describe: () => ({}),
  findFaults: () => [],

  async call({ name, pin, status, implementation, recordOffer }, args, context) {
    if (status !== 'ready') throw unusable(name, WHY[status])
    const connection = await context.openConnection(implementation.connection)
    const { ctx, signal, outside } = context
    try {
      return await mcpClientsOf(ctx.kernel).use(ctx.org, connection, async (session) => {
        const remote = (await session.tools()).get(implementation.tool)
        const offer = remote === undefined ? null : toOffer(remote)
        if (offer === null || offer.pin !== pin) {
          await recordOffer(offer)
          throw unusable(name, WHY[offer === null ? 'missing' : 'changed'])
        }
        // The time limit may have passed while this call waited for the session.
        signal.throwIfAborted()
        const result = await session.call(implementation.tool, { ...args }, { signal, timeoutMs: outside.totalMs })
        return readResult(name, result)
      })
    } catch (error) {
      throw toMcpFailure(name, error, signal)
    }
  },
}

const WHY = {
  changed: 'its server changed its definition, and the new one waits for a review (tools.review)',
  refused: 'the new definition from its server was refused in a review',
  missing: 'its server no longer has it',
} as const

function unusable(name: string, why: string): ToolError {
  return new ToolError('ToolChanged', `${name} cannot be called: ${why}`, { isRetryable: false })
}
