import { type CallToolResult, Client, type Tool as RemoteTool, type Transport } from '@modelcontextprotocol/client'
import type { ConnectionSettings } from '@orrery/contract'
import { createOutsideFetch, type OutsidePolicy } from '@orrery/kernel'
import { HttpTransport, leaveNothingOpen } from './http-transport.ts'
import { StdioTransport } from './stdio-transport.ts'

export interface McpSessionOptions {
  readonly outside: OutsidePolicy
  /** Of Orrery: it introduces itself. */
  readonly version: string
}

/** How long a listing is believed: a server that is replaced behind its address tells nobody. */
const LISTING_MS_MAX = 30_000
const CONNECT_MS_MAX = 30_000
const GOODBYE_MS_MAX = 2_000
/** The longest call there is. */
const ANSWER_MS_MAX = 3_600_000

/** A client that has shaken hands with a server. */
export class McpSession {
  readonly client: Client
  private readonly transport: Transport
  private listing: { readonly tools: Promise<ReadonlyMap<string, RemoteTool>>; readonly at: number } | null = null
  private broken = false

  private constructor(client: Client, transport: Transport) {
    this.client = client
    this.transport = transport
  }

  /** @throws Error of any kind; of a process, with the last that it wrote. */
  static async open(settings: ConnectionSettings, options: McpSessionOptions): Promise<McpSession> {
    const transport = toTransport(settings, options)
    const client = new Client(
      { name: 'orrery', version: options.version },
      {
        // What a server gives is checked by us, with the definition that was accepted; its schemas are not run before.
        jsonSchemaValidator: { getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }) },
        // Old servers on standard input may not survive a question that they do not know.
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
      return session
    } catch (error) {
      await session.close()
      const words = transport instanceof StdioTransport ? transport.lastWords : ''
      if (words === '') throw error
      throw new Error(`${error instanceof Error ? error.message : String(error)}; the server wrote: ${words}`, { cause: error })
    }
  }

  /** The connection is gone; a new session has to be opened. */
  get isBroken(): boolean {
    return this.broken
  }

  /** The tools of the server by name, as it listed them a moment ago. */
  tools(nowMs: number = performance.now()): Promise<ReadonlyMap<string, RemoteTool>> {
    if (this.listing === null || nowMs - this.listing.at > LISTING_MS_MAX) {
      // The client's own memory of lists knows nothing of servers that are replaced.
      const listed = this.client.listTools(undefined, { cacheMode: 'refresh', timeout: CONNECT_MS_MAX })
      const tools = listed.then(({ tools: found }) => new Map(found.map((tool) => [tool.name, tool])))
      const listing = { tools, at: nowMs }
      this.listing = listing
      tools.catch(() => {
        if (this.listing === listing) this.listing = null
      })
    }
    return this.listing.tools
  }

  /** @throws Error of any kind, at once when the signal is aborted. */
  call(
    name: string,
    args: Record<string, unknown>,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<CallToolResult> {
    const { signal, timeoutMs } = options
    return leaveNothingOpen(() => this.client.callTool({ name, arguments: args }, { signal, timeout: timeoutMs }))
  }

  async close(): Promise<void> {
    this.broken = true
    const { transport } = this
    // A server may keep a session for as long as nobody says that it is over.
    if (transport instanceof HttpTransport) await within(GOODBYE_MS_MAX, transport.terminateSession())
    await this.client.close()
    await transport.close()
  }
}

function toTransport(settings: ConnectionSettings, { outside }: McpSessionOptions): Transport {
  if (settings.type === 'mcp_stdio') {
    const { command, args = [], env = {} } = settings
    return new StdioTransport({ command, args, env })
  }
  if (settings.type !== 'mcp_http') throw new TypeError(`A connection of type ${settings.type} is no MCP server`)
  // An answer may take as long as a call, and a stream of notifications as long as the session; both end with it.
  const policy = { ...outside, headersMs: ANSWER_MS_MAX, totalMs: ANSWER_MS_MAX }
  return new HttpTransport(new URL(settings.url), {
    fetch: createOutsideFetch(policy),
    requestInit: { headers: settings.headers ?? {} },
    reconnectionOptions: { maxRetries: 2, initialReconnectionDelay: 1_000, maxReconnectionDelay: 10_000, reconnectionDelayGrowFactor: 2 },
  })
}

/** What is polite and not needed: done or not after this time. */
async function within(limitMs: number, polite: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, limitMs)
  await Promise.race([polite.catch(() => undefined), promise])
  clearTimeout(timer)
}
