/** What a caller can have open at a server: a stream, and a wait on each face. */
const MCP_HEADERS = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }

/** What it needs to stay open. */
export const OPEN_SCOPES = ['events:read', 'runs:read']

export const OPEN_CALLS = ['an event stream', 'a wait over REST', 'a wait over tRPC', 'a wait over MCP'] as const
export type OpenCall = (typeof OPEN_CALLS)[number]

interface Opening {
  readonly url: string
  /** The bearer token. */
  readonly key: string
  /** A run that waits for longer than the test takes. */
  readonly runId: string
}

/** Opens one at a server. Resolves with all that the server sent, once the server has ended it. */
export function openCall(what: OpenCall, { url, key, runId }: Opening): Promise<string> {
  switch (what) {
    case 'an event stream':
      return read(`${url}/api/v1/events/stream`, key)
    case 'a wait over REST':
      return read(`${url}/api/v1/runs/${runId}/result?timeout=50s`, key)
    case 'a wait over tRPC':
      return read(`${url}/trpc/runs.result?input=${encodeURIComponent(JSON.stringify({ runId, timeout: '50s' }))}`, key)
    case 'a wait over MCP': {
      const params = { name: 'run_result', arguments: { runId, timeout: '50s' } }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
      return read(`${url}/mcp`, key, { method: 'POST', body, headers: MCP_HEADERS })
    }
  }
}

async function read(address: string, key: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
  const response = await fetch(address, {
    ...init,
    headers: { ...headers, authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(30_000),
  })
  return await response.text()
}
