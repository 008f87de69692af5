import { problem } from '@orrery/contract'
import type { Ctx } from '@orrery/kernel'
import type { OpenedConnection } from '../connections/open-connection.ts'
import { explainFailure } from '../port/explain-failure.ts'
import { withinLimit } from '../port/within-limit.ts'
import { mcpClientsOf } from './mcp-clients.ts'
import { toMcpFailure } from './mcp-failure.ts'
import { type ToolOffer, toOffer } from './to-offer.ts'

const LIMIT_MS = 45_000
const TOOLS_MAX = 1_000

/** The tools of a server by the name that the server uses. @throws tool.source_failed */
export async function listOffers(ctx: Ctx, connection: OpenedConnection): Promise<ReadonlyMap<string, ToolOffer>> {
  const never = new AbortController().signal
  try {
    const tools = await withinLimit(never, LIMIT_MS, connection.name, () =>
      mcpClientsOf(ctx.kernel).use(ctx.org, connection, (session) => session.tools()),
    )
    return new Map([...tools].slice(0, TOOLS_MAX).map(([name, tool]) => [name, toOffer(tool)]))
  } catch (error) {
    const { thrown } = explainFailure(toMcpFailure(connection.name, error, never), never)
    const said = thrown instanceof Error ? thrown.message : 'It cannot be used.'
    throw problem('tool.source_failed', `${connection.name}: ${said.replace(`${connection.name}: `, '')}`, { cause: error })
  }
}
