/** An operation that is added to the registry appears on every face without any other edit. (The command line has its own test.) */

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { listOperations } from '@orrery/contract'
import { Validator } from '@seriousme/openapi-schema-validator'
import { createTRPCClient, httpBatchLink, httpLink, TRPCClientError, type TRPCLink } from '@trpc/client'
import type { AnyTRPCRouter } from '@trpc/server'
import { expect, test } from 'vitest'
import { createEchoServer, type EchoServer, echoGet, echoMake, KEY } from './testing/echo-backend.fixture.ts'

const withNew = () => createEchoServer([...listOperations(), echoGet, echoMake])

const fetchOf = (server: EchoServer) => async (input: URL | string | Request, init?: RequestInit) => {
  const request = new Request(input, init)
  return await server.app.request(request)
}

interface EchoClient {
  echoes: { get: { query(input: unknown): Promise<unknown> }; make: { mutate(input: unknown): Promise<unknown> } }
}

function trpcClient(server: EchoServer, link: typeof httpLink | typeof httpBatchLink, headers: Record<string, string> = {}): EchoClient {
  const options = { url: 'http://localhost/trpc', fetch: fetchOf(server), headers: { authorization: `Bearer ${KEY}`, ...headers } }
  return createTRPCClient<AnyTRPCRouter>({ links: [link(options as never) as TRPCLink<AnyTRPCRouter>] }) as unknown as EchoClient
}

async function mcpClient(server: EchoServer, mode: 'legacy' | 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  const transport = new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), {
    fetch: fetchOf(server),
    requestInit: { headers: { authorization: `Bearer ${KEY}` } },
  })
  await client.connect(transport)
  return client
}

test('serves a new operation over REST and describes it in a valid OpenAPI document', async () => {
  const server = withNew()
  expect((await server.fetch('/api/v1/echoes/7')).status).toBe(200)
  const document = (await (await server.fetch('/api/v1/openapi.json')).json()) as { openapi: string; paths: Record<string, object> }
  expect(document.openapi).toMatch(/^3\.1\./)
  expect(Object.keys(document.paths['/echoes/{echoId}'] ?? {})).toEqual(['get', 'post'])
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true })
})

test('lists every operation of the contract in the OpenAPI document', async () => {
  const server = withNew()
  const document = (await (await server.fetch('/api/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId))
  expect(ids.sort()).toEqual([...listOperations().map((one) => one.name), 'echoes.get', 'echoes.make', 'events.stream'].sort())
})

test('serves a new operation over tRPC, alone and in a batch', async () => {
  const server = withNew()
  const client = trpcClient(server, httpLink)
  expect(await client.echoes.get.query({ echoId: '7' })).toEqual({ heard: { echoId: '7', loud: false } })
  expect(await client.echoes.make.mutate({ echoId: '7', words: ['a'] })).toEqual({ heard: { echoId: '7', words: ['a'] } })
  const batched = trpcClient(server, httpBatchLink, { 'idempotency-key': 'k' })
  await Promise.all(['1', '2'].map((echoId) => batched.echoes.make.mutate({ echoId, words: ['a'] })))
  expect(server.asked.slice(-2).map((caller) => caller.idempotencyKey)).toEqual(['k', 'k#1'])
})

test('puts the problem into a tRPC error', async () => {
  const client = trpcClient(withNew(), httpLink)
  const refused = [
    [client.echoes.get.query({ echoId: 'none' }), 'not_found', 404],
    [client.echoes.get.query({ echoId: '7', nothing: 1 }), 'invalid_input', 400],
    [client.echoes.get.query({ echoId: 'broken' }), 'internal', 500],
    [(client as unknown as Record<string, EchoClient['echoes']>).nothing?.get.query({}), 'not_found', 404],
  ] as const
  for (const [call, code, status] of refused) {
    const error = await Promise.resolve(call).then(
      () => null,
      (cause: unknown) => cause,
    )
    expect(error).toBeInstanceOf(TRPCClientError)
    const data = (error as { data: { problem: { code: string; status: number }; httpStatus: number; stack?: string } }).data
    expect([data.problem.code, data.problem.status, data.httpStatus, data.stack]).toEqual([code, status, status, undefined])
  }
})

test.each(['legacy', 'auto'] as const)('offers a new operation as an MCP tool (%s era)', async (mode) => {
  const server = withNew()
  const client = await mcpClient(server, mode)
  expect(client.getProtocolEra()).toBe(mode === 'auto' ? 'modern' : 'legacy')
  const { tools } = await client.listTools()
  const exposed = listOperations().flatMap((one) => (one.mcp === undefined ? [] : [one.mcp.tool]))
  expect(tools.map((tool) => tool.name).sort()).toEqual([...exposed, 'echo_get', 'echo_make'].sort())
  const tool = tools.find((one) => one.name === 'echo_make')
  expect(tool?.annotations).toEqual({ readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false })
  expect(tool?.inputSchema.required).toEqual(['echoId', 'words'])

  const answer = await client.callTool({ name: 'echo_get', arguments: { echoId: '7' } })
  expect(answer.structuredContent).toEqual({ heard: { echoId: '7', loud: false } })
  expect(answer.content).toEqual([{ type: 'text', text: JSON.stringify(answer.structuredContent) }])

  const failed = await client.callTool({ name: 'echo_get', arguments: { echoId: 'none' } })
  expect([failed.isError, failed.structuredContent]).toMatchObject([true, { problem: { code: 'not_found' } }])

  const { contents } = await client.readResource({ uri: 'orrery://schemas/echo_get' })
  expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject({
    input: { properties: { count: { type: 'integer' } }, additionalProperties: false },
    output: { properties: { heard: {} } },
  })
  await expect(client.readResource({ uri: 'orrery://schemas/nothing' })).rejects.toThrow('There is no tool nothing.')

  await client.callTool({ name: 'echo_make', arguments: { echoId: '7', words: ['a'] }, _meta: { 'orrery/idempotencyKey': 'm' } })
  expect(server.asked.at(-1)).toMatchObject({ face: 'mcp', idempotencyKey: 'm' })
  await client.close()
})

test('answers an MCP request without a key with 401 and a challenge', async () => {
  const response = await withNew().app.request('http://localhost/mcp', {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="orrery"'])
})

test.each(['/docs', '/'])('serves the page %s without a key, and all its assets from this server', async (path) => {
  const server = withNew()
  const page = await server.app.request(`http://localhost${path}`)
  const html = await page.text()
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => String(match[1]))
  expect(addresses.length).toBeGreaterThan(2)
  for (const address of addresses) {
    expect(address).toMatch(/^\//)
    if (address !== '/health') expect((await server.app.request(`http://localhost${address}`)).status, address).toBe(200)
  }
  expect(html).not.toMatch(/<script>|style="/)
  expect(await (await server.fetch('/docs/problems/run.not_found')).text()).toContain('No such run')
})
