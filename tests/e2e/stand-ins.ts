/** What the guides call at `example.com`, on this machine: an API with its OpenAPI document, an MCP server, a feed of a calendar. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StandIns {
  /** Without a slash at its end. */
  readonly url: string
  close(): Promise<void>
}

export const SHOP = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  servers: [{ url: '/api' }],
  paths: {
    '/items/{id}': {
      get: {
        operationId: 'getItem',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: { description: 'The item', content: { 'application/json': { schema: { type: 'object' } } } } },
      },
    },
  },
}

const FEED = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//team//EN
BEGIN:VEVENT
UID:1@example.com
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261211
SUMMARY:Away day
END:VEVENT
END:VCALENDAR
`.replaceAll('\n', '\r\n')

export async function startStandIns(): Promise<StandIns> {
  let searches = 0
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://stand.in').pathname
    if (path === '/mcp') return answerMcp(await readText(request), response)
    if (path === '/team.ics') return response.writeHead(200, { 'content-type': 'text/calendar' }).end(FEED)
    if (path === '/openapi.json') return answer(response, SHOP)
    if (path.startsWith('/regions/')) return answer(response, { revenue: 1250.5 })
    return response.writeHead(404).end()
  })
  /** JSON-RPC. After the first search the server offers another definition of its tool. */
  const answerMcp = (text: string, response: ServerResponse): void => {
    const { id, method, params } = JSON.parse(text === '' ? '{}' : text) as {
      id?: unknown
      method?: string
      params?: { protocolVersion?: string }
    }
    if (id === undefined) return void response.writeHead(method === undefined ? 405 : 202).end()
    const results: Record<string, unknown> = {
      initialize: { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'docs', version: '1' } },
      'tools/list': {
        tools: [
          {
            name: 'search',
            description: searches === 0 ? 'Searches the documents' : 'Searches the documents, newest first',
            inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
          },
        ],
      },
      'tools/call': { content: [{ type: 'text', text: 'Kept for 90 days.' }] },
    }
    const result = results[method ?? '']
    answer(response, { jsonrpc: '2.0', id, ...(result === undefined ? { error: { code: -32601, message: `no ${method}` } } : { result }) })
    if (method === 'tools/call') searches += 1
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function answer(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readText(request: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
