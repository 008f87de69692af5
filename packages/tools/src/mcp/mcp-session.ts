import { type CallToolResult, Client, type Tool as RemoteTool, type Transport } from '@modelcontextprotocol/client'
import type { ConnectionSettings } from '@orrery/contract'
import { createOutsideFetch, type OutsidePolicy } from '@orrery/kernel'
import { withinLimit } from '../port/within-limit.ts'
import { dropOddTools, type OddTool } from './drop-odd-tools.ts'
import { abortRequestsAfter, HttpTransport, keepLargeNumbers } from './http-transport.ts'
import { StdioTransport } from './stdio-transport.ts'

export interface McpSessionOptions {
  readonly outside: OutsidePolicy
  /** Version of Orrery, sent in the handshake. */
  readonly version: string
}

/** How long a listing is cached. A server that is replaced behind its URL sends no notification. */
const LISTING_MS_MAX = 30_000
const CONNECT_MS_MAX = 30_000
const TERMINATE_MS_MAX = 2_000
/** The longest possible call. */
const ANSWER_MS_MAX = 3_600_000
const ODD_TOOLS_MAX = 1_000

/** A client that is connected to a server. */
export class McpSession {
  readonly client: Client
  private readonly transport: Transport
  private listing: { readonly tools: Promise<ReadonlyMap<string, RemoteTool>>; readonly at: number } | null = null
  private readonly odd: OddTool[] = []
  private broken = false

  private constructor(client: Client, transport: Transport) {
    this.client = client
    this.transport = transport
  }

  /** @throws Error of any kind. For a process, the message includes the end of its standard error. */
  static async open(settings: ConnectionSettings, options: McpSessionOptions): Promise<McpSession> {
    const transport = toTransport(settings, options)
    const client = new Client(
      { name: 'orrery', version: options.version },
      {
        // `callTool` checks the output against the accepted definition, so the client does not run the schemas of the server.
        jsonSchemaValidator: { getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }) },
        // Old servers on standard input may crash on an unknown request.
        versionNegotiation: { mode: settings.type === 'mcp_http' ? 'auto' : 'legacy' },
        listMaxPages: 100,
      },
    )
    const session = new McpSession(client, transport)
    client.onclose = () => {
      session.broken = true
    }
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      session.listing = null
    })
    try {
      await client.connect(transport, { timeout: CONNECT_MS_MAX })
      session.tolerateOddTools()
      return session
    } catch (error) {
      await session.close()
      const stderr = transport instanceof StdioTransport ? transport.stderrTail : ''
      if (stderr === '') throw error
      throw new Error(`${error instanceof Error ? error.message : String(error)}; the server wrote: ${stderr}`, { cause: error })
    }
  }

  /** Whether the connection is closed, so that a new session is needed. */
  get isBroken(): boolean {
    return this.broken
  }

  /** What was skipped of the latest list of tools. */
  get oddTools(): readonly OddTool[] {
    return this.odd
  }

  /** What the server does wrong and the session tolerates, one sentence each. */
  get warnings(): readonly string[] {
    const said = this.transport instanceof StdioTransport ? this.transport.oddOutput : null
    return said === null ? [] : [said]
  }

  /** The tools of the server by name, cached for a short time. */
  tools(nowMs: number = performance.now()): Promise<ReadonlyMap<string, RemoteTool>> {
    if (this.listing === null || nowMs - this.listing.at > LISTING_MS_MAX) {
      // Bypass the cache of the client, which does not notice a replaced server.
      this.odd.length = 0
      const listed = this.client.listTools(undefined, { cacheMode: 'refresh', timeout: CONNECT_MS_MAX })
      const tools = listed.then(({ tools: found }) => this.byName(found))
      const listing = { tools, at: nowMs }
      this.listing = listing
      tools.catch(() => {
        if (this.listing === listing) this.listing = null
      })
    }
    return this.listing.tools
  }

  /** As the server lists them now: a person who asks for its tools knows of a change. */
  refreshTools(): Promise<ReadonlyMap<string, RemoteTool>> {
    this.listing = null
    return this.tools()
  }

  private byName(found: readonly RemoteTool[]): ReadonlyMap<string, RemoteTool> {
    const tools = new Map<string, RemoteTool>()
    for (const tool of found) {
      if (tools.has(tool.name)) this.note({ tool: tool.name, reason: 'The server lists another tool of this name before it' })
      else tools.set(tool.name, tool)
    }
    return tools
  }

  /** A server can send lists that this session did not ask for, without end. */
  private note(odd: OddTool): void {
    if (this.odd.length < ODD_TOOLS_MAX) this.odd.push(odd)
  }

  private tolerateOddTools(): void {
    const { transport } = this
    const deliver = transport.onmessage
    transport.onmessage = (message, extra) =>
      deliver?.(
        dropOddTools(message, (odd) => this.note(odd)),
        extra,
      )
  }

  /** @throws Error of any kind, immediately when the signal is aborted. */
  call(
    name: string,
    args: Record<string, unknown>,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<CallToolResult> {
    const { signal, timeoutMs } = options
    return abortRequestsAfter(() => this.client.callTool({ name, arguments: args }, { signal, timeout: timeoutMs }))
  }

  async close(): Promise<void> {
    this.broken = true
    const { transport } = this
    // A server may keep the session until it is terminated.
    if (transport instanceof HttpTransport) {
      const ending = withinLimit(new AbortController().signal, TERMINATE_MS_MAX, 'The end of the session', () =>
        transport.terminateSession(),
      )
      // The request is optional.
      await ending.catch(() => undefined)
    }
    await this.client.close()
    await transport.close()
  }
}

function toTransport(settings: ConnectionSettings, { outside }: McpSessionOptions): Transport {
  if (settings.type === 'mcp_stdio') {
    const { command, args = [], env = {} } = settings
    return new StdioTransport({ command, args, env })
  }
  if (settings.type !== 'mcp_http') throw new TypeError(`A connection of type ${settings.type} is not an MCP server`)
  // An answer may take as long as a call, and a stream of notifications as long as the session. Both end with the session.
  const policy = { ...outside, headersMs: ANSWER_MS_MAX, totalMs: ANSWER_MS_MAX }
  return new HttpTransport(new URL(settings.url), {
    fetch: keepLargeNumbers(createOutsideFetch(policy)),
    requestInit: { headers: settings.headers ?? {} },
    reconnectionOptions: { maxRetries: 2, initialReconnectionDelay: 1_000, maxReconnectionDelay: 10_000, reconnectionDelayGrowFactor: 2 },
  })
}
