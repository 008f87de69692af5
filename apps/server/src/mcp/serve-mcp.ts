import { createMcpHandler } from '@modelcontextprotocol/server'
import type { Permission } from '@orrery/contract'
import type { Backend } from '../backend.ts'
import { answerProblem, toProblem } from '../http/answer-problem.ts'
import { boundBody } from '../http/read-body.ts'
import { bearerToken, type RequestInfo, readRequestInfo, type ServerContext } from '../http/request-info.ts'
import { createMcpServer } from './create-mcp-server.ts'

export type McpFace = (context: ServerContext) => Promise<Response>

/**
 * MCP over streamable HTTP, both eras (2025-11-25 and 2026-07-28). Every request stands alone: no session is kept, so
 * any process can answer it. The key is checked for the whole request first, then each tool asks for its own permission.
 */
export function serveMcp(backend: Backend): McpFace {
  const handler = createMcpHandler(
    ({ authInfo, requestInfo }) => {
      const info = (authInfo?.extra?.info as RequestInfo | undefined) ?? readRequestInfo(requestInfo ?? new Request('http://localhost'))
      return createMcpServer(backend.operations, backend.version, {
        // Put there below, out of the holder of the key.
        permissions: (authInfo?.scopes ?? []) as readonly string[] as readonly Permission[],
        toProblem: (error) => toProblem(error, info, backend.log),
        call: async (operation, input, idempotencyKey) => {
          info.operation = operation
          const header = requestInfo?.headers.get('idempotency-key') ?? null
          const asker = { face: 'mcp', key: authInfo?.token ?? null, idempotencyKey: idempotencyKey ?? header, info } as const
          return (await backend.call(operation, asker, input)).output
        },
      })
    },
    { maxRequestBodySize: backend.maxBodyBytes, onerror: (error) => backend.log.debug({ error }, 'an MCP request was refused') },
  )
  return async (context) => {
    const { info } = context.var
    const token = bearerToken(context.req.raw)
    try {
      const asker = { face: 'mcp', key: token, idempotencyKey: null, info } as const
      const { actor, permissions } = await backend.identify(asker, null)
      const authInfo = { token: token ?? '', clientId: actor.id, scopes: [...permissions], extra: { info } }
      return await handler.fetch(await boundBody(context.req.raw, backend.maxBodyBytes), { authInfo })
    } catch (error) {
      return answerProblem(context, toProblem(error, info, backend.log, context.req.path))
    }
  }
}
