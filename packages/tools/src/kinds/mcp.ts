import { mcpImplementation } from '@orrery/contract'
import { mcpClientsOf } from '../mcp/mcp-clients.ts'
import { toMcpFailure } from '../mcp/mcp-failure.ts'
import { readResult } from '../mcp/read-result.ts'
import { toOffer } from '../mcp/to-offer.ts'
import { ToolError } from '../port/tool-port.ts'
import type { Kind } from './kind.ts'

/** A tool of an MCP server, made by `tools.discover`, as long as it is still the one that was accepted. */
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
        // Waiting for the session may have taken all the time there was.
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
  changed: 'its server changed its definition, which waits for a review (tools.review)',
  refused: 'the changed definition of its server was refused',
  missing: 'its server does not have it any more',
} as const

function unusable(name: string, why: string): ToolError {
  return new ToolError('ToolChanged', `${name} cannot be called: ${why}`, { isRetryable: false })
}
