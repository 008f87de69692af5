import { createMcpHandler } from '@modelcontextprotocol/server'
import { type Permission, problem } from '@orrery/contract'
import type { Caller, Identity } from '@orrery/kernel'
import { challengeOf, stepUpChallenge } from '../auth/oauth/serve-metadata.ts'
import type { Backend } from '../backend.ts'
import { answerProblem, toProblem } from '../http/answer-problem.ts'
import { boundBody, requireExactNumbers } from '../http/read-body.ts'
import { claimsIdentity, readCaller } from '../http/read-caller.ts'
import type { RequestInfo, ServerContext } from '../http/request-info.ts'
import { createMcpServer } from './create-mcp-server.ts'
import { findMissingScope } from './find-missing-scope.ts'
import { exposedOperations } from './tools.ts'

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
  const tools = exposedOperations(backend.operations)
  return async (context) => {
    const { info } = context.var
    const { raw } = context.req
    const caller = readCaller(context, 'mcp', raw.headers.get('idempotency-key'))
    try {
      const identity = await backend.identify(caller, null)
      const request: McpRequest = { info, caller, permissions: listable(identity) }
      // The library's own fields are not used; our data passes through `extra`.
      const authInfo = { token: '', clientId: identity.actor.id, scopes: [], extra: { ...request } }
      const bounded = await requireExactNumbers(await boundBody(raw, backend.maxBodyBytes), ENVELOPE)
      const { client, permissions } = identity
      if (client !== undefined && raw.method === 'POST') {
        const missing = findMissingScope(tools, backend.operations, { client, permissions }, await readJson(bounded))
        if (missing !== null) return askForMore(context, client.scopes, missing)
      }
      return await handler.fetch(bounded, { authInfo })
    } catch (error) {
      const shown = toProblem(error, info, backend.log, context.req.path)
      const challenge = shown.status === 401 ? challengeOf(backend.oauth(), raw, claimsIdentity(raw) ? 'invalid_token' : null) : null
      return answerProblem(context, shown, challenge === null ? {} : { 'WWW-Authenticate': challenge })
    }
  }

  /** 403 with what to ask the person for (MCP authorization, "Scope challenge handling"; RFC 6750, 3.1). */
  function askForMore(context: ServerContext, scopes: readonly string[], missing: Permission): Response {
    const { info } = context.var
    const error = problem('forbidden', `This needs ${missing}, which you were not allowed yet.`, { permission: missing })
    const addresses = backend.oauth()
    const asked = [...scopes, missing]
    const headers = addresses === null ? {} : { 'WWW-Authenticate': stepUpChallenge(addresses, context.req.raw, asked) }
    return answerProblem(context, toProblem(error, info, backend.log, context.req.path), headers)
  }
}

/** A client sees all tools that its person could allow it, so that it can ask for one when it needs it. */
function listable({ client, permissions }: Identity): readonly Permission[] {
  return [...(client?.mayAskFor ?? permissions)]
}

/** The handler says what is wrong with a body that is not JSON. */
async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.clone().json()
  } catch {
    return null
  }
}
