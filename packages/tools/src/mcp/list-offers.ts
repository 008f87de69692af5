import { problem } from '@orrery/contract'
import type { Ctx } from '@orrery/kernel'
import type { OpenedConnection } from '../connections/open-connection.ts'
import { explainFailure } from '../port/explain-failure.ts'
import { withinLimit } from '../port/within-limit.ts'
import type { OddTool } from './drop-odd-tools.ts'
import { mcpClientsOf } from './mcp-clients.ts'
import { toMcpFailure } from './mcp-failure.ts'
import { type ToolOffer, toOffer } from './to-offer.ts'

const LIMIT_MS = 45_000
const TOOLS_MAX = 1_000

export interface Offers {
  /** By the name that the server uses. */
  readonly tools: ReadonlyMap<string, ToolOffer>
  readonly leftOut: readonly OddTool[]
  /** What the server does wrong, one sentence each. */
  readonly warnings: readonly string[]
}

/** The tools of a server. @throws tool.source_failed */
export async function listOffers(ctx: Ctx, connection: OpenedConnection): Promise<Offers> {
  const never = new AbortController().signal
  try {
    const { listed, oddTools, warnings } = await withinLimit(never, LIMIT_MS, connection.name, () =>
      mcpClientsOf(ctx.kernel).use(ctx.org, connection, async (session) => {
        const tools = await session.refreshTools()
        return { listed: [...tools], oddTools: [...session.oddTools], warnings: session.warnings }
      }),
    )
    const reason = `Only the first ${TOOLS_MAX} tools of a server are used`
    return {
      tools: new Map(listed.slice(0, TOOLS_MAX).map(([name, tool]) => [name, toOffer(tool)])),
      leftOut: [...oddTools, ...listed.slice(TOOLS_MAX).map(([tool]) => ({ tool, reason }))],
      warnings,
    }
  } catch (error) {
    const { thrown } = explainFailure(toMcpFailure(connection.name, error, never), never)
    const said = thrown instanceof Error ? thrown.message : 'It cannot be used.'
    throw problem('tool.source_failed', `${connection.name}: ${said.replace(`${connection.name}: `, '')}`, { cause: error })
  }
}
