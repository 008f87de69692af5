import { createMcpHandler } from '@modelcontextprotocol/server'
import type { Permission } from '@orrery/contract'
import type { Caller } from '@orrery/kernel'
import type { Backend } from '../backend.ts'
import { answerProblem, toProblem } from '../http/answer-problem.ts'
import { boundBody, requireExactNumbers } from '../http/read-body.ts'
import { readCaller } from '../http/read-caller.ts'
import type { RequestInfo, ServerContext } from '../http/request-info.ts'
import { createMcpServer } from './create-mcp-server.ts'

export type McpFace = (context: ServerContext) => Promise<Response>

/** What the MCP server of one request needs from the HTTP request. */
interface McpRequest {
  readonly info: RequestInfo
  readonly caller: Caller
  readonly permissions: readonly Permission[]
}

const ENVELOPE = /^params\.arguments\.?/

/**
 * MCP over streamable HTTP, in both protocol versions (2025-11-25 and 2026-07-28). No session is kept, so any process can
 * answer any request. The key is checked once for the request; then each tool checks its own permission.
 */
export function serveMcp(backend: Backend): McpFace {
  const handler = createMcpHandler(
    ({ authInfo }) => {
      if (authInfo === undefined) throw new Error('an MCP request without its caller')
      const { info, caller, permissions } = authInfo.extra as unknown as McpRequest
      return createMcpServer(backend.operations, backend.version, {
        permissions,
        toProblem: (error) => toProblem(error, info, backend.log),
        call: async (operation, input, idempotencyKey) => {
          info.operation = operation
          const callAs = { ...caller, idempotencyKey: idempotencyKey ?? caller.idempotencyKey }
          return (await backend.call(operation, callAs, input)).output
        },
      })
    },
    { maxRequestBodySize: backend.maxBodyBytes, onerror: (error) => backend.log.debug({ error }, 'an MCP request was refused') },
  )
  return async (context) => {
    const { info } = context.var
    const caller = readCaller(context, 'mcp', context.req.raw.headers.get('idempotency-key'))
    try {
      const { actor, permissions } = await backend.identify(caller, null)
      const request: McpRequest = { info, caller, permissions: [...permissions] }
      // The library's own fields are not used; our data passes through `extra`.
      const authInfo = { token: '', clientId: actor.id, scopes: [], extra: { ...request } }
      const bounded = await boundBody(context.req.raw, backend.maxBodyBytes)
      return await handler.fetch(await requireExactNumbers(bounded, ENVELOPE), { authInfo })
    } catch (error) {
      return answerProblem(context, toProblem(error, info, backend.log, context.req.path))
    }
  }
}
