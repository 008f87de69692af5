import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server'
import { isScope, type Operation, type Permission, type Problem } from '@orrery/contract'
import { RESOURCE_KINDS, runUri } from './resources.ts'
import { describeSchemas, describeTools, type Exposed, exposedOperations } from './tools.ts'

/** How an MCP connection or request calls operations: in this process, or over HTTP for stdio. */
export interface McpCalls {
  /** Rejects with a ProblemError, or with any error that `toProblem` can convert. */
  call(operation: string, input: unknown, idempotencyKey: string | null): Promise<unknown>
  /** The permissions of the key: tools that need another one are not listed. Null: unknown, so list all tools. */
  readonly permissions: readonly Permission[] | null
  toProblem(error: unknown): Problem
}

/** A client sets this field in `_meta` of a tools/call to make repeated calls safe. */
const IDEMPOTENCY_META = 'orrery/idempotencyKey'
const PROGRESS_EVERY_MS = 2000

const INSTRUCTIONS = [
  'Orrery runs durable workflows. Find one with workflow_list, read its input schema with workflow_get,',
  'start it with run_start, then wait with run_result. run_why explains what a run waits for.',
  'The resource orrery://schemas/{tool} has the full schemas of a tool, also of its answer.',
].join(' ')

/** Creates an MCP server with the tools and resources of the registry, for one connection or one request. */
export function createMcpServer(operations: readonly Operation[], version: string, calls: McpCalls): Server {
  const tools = exposedOperations(operations)
  const server = new Server(
    { name: 'orrery', title: 'Orrery', version },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  )
  const may = (operation: Operation) =>
    !isScope(operation.permission) || calls.permissions === null || calls.permissions.includes(operation.permission)

  server.setRequestHandler('tools/list', () => ({ tools: [...listTools(operations, [...tools.values()].filter(may))] }))
  server.setRequestHandler('tools/call', async (request, context) => {
    const operation = tools.get(request.params.name)
    if (operation === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${request.params.name}.`)
    const key = request.params._meta?.[IDEMPOTENCY_META]
    try {
      const working = calls.call(operation.name, request.params.arguments ?? {}, typeof key === 'string' ? key : null)
      return answerOf(await reportProgress(working, context))
    } catch (error) {
      return failureOf(calls.toProblem(error))
    }
  })

  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: RESOURCE_KINDS.map((kind) => kind.template) }))
  const runs = operations.find(({ name }) => name === 'runs.list')
  server.setRequestHandler('resources/list', async () => {
    // As with tools, do not list what the key may not read.
    if (runs === undefined || !may(runs)) return { resources: [] }
    const { items } = (await calls.call('runs.list', { limit: 50 }, null)) as { items: { id: string; workflow: string; status: string }[] }
    return {
      resources: items.map((run) => ({
        uri: runUri(run.id),
        name: run.id,
        description: `${run.workflow}: ${run.status}`,
        mimeType: 'application/json',
      })),
    }
  })
  server.setRequestHandler('resources/read', async (request) => ({ contents: [await readResource(request.params.uri, calls, tools)] }))
  return server
}

/** Lists that were described before, by the names of their tools: a new MCP server is created for every request. */
const listed = new WeakMap<readonly Operation[], Map<string, readonly Tool[]>>()
const LISTS_KEPT = 50

function listTools(registry: readonly Operation[], allowed: readonly Exposed[]): readonly Tool[] {
  let lists = listed.get(registry)
  if (lists === undefined || lists.size >= LISTS_KEPT) listed.set(registry, (lists = new Map()))
  const names = allowed.map(({ mcp }) => mcp.tool).join(' ')
  const known = lists.get(names)
  if (known !== undefined) return known
  const tools = describeTools(allowed)
  lists.set(names, tools)
  return tools
}

type Contents = { readonly uri: string; readonly mimeType: string; readonly text: string }

async function readResource(uri: string, calls: McpCalls, tools: ReadonlyMap<string, Exposed>): Promise<Contents> {
  for (const kind of RESOURCE_KINDS) {
    const input = kind.match(uri)
    if (input === null) continue
    if (kind.operation === null) return { uri, mimeType: 'application/json', text: JSON.stringify(schemasOf(tools, input.tool, uri)) }
    try {
      return { uri, mimeType: 'application/json', text: JSON.stringify(await calls.call(kind.operation, input, null)) }
    } catch (error) {
      const shown = calls.toProblem(error)
      if (shown.status === 404 || shown.status === 400) throw new ResourceNotFoundError(uri, shown.detail)
      throw new ProtocolError(ProtocolErrorCode.InternalError, shown.detail, shown)
    }
  }
  throw new ResourceNotFoundError(uri)
}

function schemasOf(tools: ReadonlyMap<string, Exposed>, name: string | undefined, uri: string) {
  const operation = tools.get(name ?? '')
  if (operation === undefined) throw new ResourceNotFoundError(uri, `There is no tool ${name}.`)
  return describeSchemas(operation)
}

/** Sends progress notifications while a call waits (for the result of a run), if the client asked for them. */
async function reportProgress<T>(working: Promise<T>, context: ServerContext): Promise<T> {
  const progressToken = context.mcpReq._meta?.progressToken
  if (progressToken === undefined) return await working
  const begun = performance.now()
  let reported: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    const progress = Math.round((performance.now() - begun) / 1000)
    const notification = { method: 'notifications/progress', params: { progressToken, progress, message: `Waiting for ${progress} s` } }
    // Fails if the client has disconnected, which does not matter here.
    reported = context.mcpReq.notify(notification).catch(() => undefined)
  }, PROGRESS_EVERY_MS)
  try {
    return await working
  } finally {
    clearInterval(timer)
    await reported
  }
}

function answerOf(output: unknown): CallToolResult {
  const text = JSON.stringify(output ?? null)
  const structured = typeof output === 'object' && output !== null && !Array.isArray(output)
  return { content: [{ type: 'text', text }], ...(structured ? { structuredContent: output as Record<string, unknown> } : {}) }
}

/** Returns a problem as the tool's result instead of a protocol error, so that the model can read it and act on it. */
function failureOf(shown: Problem): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: JSON.stringify(shown) }], structuredContent: { problem: shown } }
}
