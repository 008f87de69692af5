import { isScope, type Operation, type Permission } from '@orrery/contract'
import type { OAuthClient } from '@orrery/kernel'
import { RESOURCE_KINDS } from './resources.ts'
import type { Exposed } from './tools.ts'

interface Asking {
  readonly client: OAuthClient
  readonly permissions: ReadonlySet<Permission>
}

/**
 * What a client lacks for a request to MCP that its person could allow it. Null: nothing, or what the role of its person lacks, which the answer
 * of the tool says. @param request a message of JSON-RPC, or a list of them
 */
export function findMissingScope(
  tools: ReadonlyMap<string, Exposed>,
  operations: readonly Operation[],
  { client, permissions }: Asking,
  request: unknown,
): Permission | null {
  for (const message of Array.isArray(request) ? request : [request]) {
    const needed = findOperation(tools, operations, message)?.permission
    if (needed !== undefined && isScope(needed) && !permissions.has(needed) && client.mayAskFor.has(needed)) return needed
  }
  return null
}

function findOperation(tools: ReadonlyMap<string, Exposed>, operations: readonly Operation[], message: unknown): Operation | undefined {
  const { method, params } = (message ?? {}) as {
    readonly method?: unknown
    readonly params?: { readonly name?: unknown; readonly uri?: unknown }
  }
  if (method === 'tools/call') return tools.get(String(params?.name))
  if (method !== 'resources/read') return undefined
  const uri = String(params?.uri)
  const name = RESOURCE_KINDS.find((kind) => kind.match(uri) !== null)?.operation
  return operations.find((operation) => operation.name === name)
}
