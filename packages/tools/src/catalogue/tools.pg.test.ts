/**
 * The catalogue and calls by hand over a real database: definitions and their versions, imports of OpenAPI documents, and calls of a local
 * HTTP server whose answer depends on the path.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PERMISSION_SETS } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { listenModel } from '../models/testing/model-server.fixture.ts'

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let t: TestCore
let server: Server
let origin: string
const seen: Seen[] = []

const YAML = `openapi: 3.0.3
info: { title: Figures in YAML, version: '1' }
servers: [{ url: / }]
paths:
  /figures:
    get:
      operationId: figures
      parameters:
        - { name: days, in: query, schema: { type: integer } }
      responses: { '200': { description: fine, content: { application/json: {} } } }
`
/** YAML aliases that multiply: each list has ten references to the one before. */
const ALIASES = Array.from({ length: 10 }, (_, n) => `a${n}: &a${n} [${n === 0 ? 'x' : Array(10).fill(`*a${n - 1}`)}]`).join('\n')

/** Selects the answer by the path of the request. */
function answer(request: IncomingMessage, body: string): { status: number; headers?: Record<string, string>; text: string } {
  const { pathname, searchParams } = new URL(request.url ?? '/', origin)
  const json = { 'content-type': 'application/json' }
  if (pathname === '/figures')
    return { status: 200, headers: json, text: JSON.stringify({ revenue: 1250.5, days: Number(searchParams.get('days')) }) }
  if (pathname === '/wrong') return { status: 200, headers: json, text: '{"revenue":"much"}' }
  if (pathname === '/busy') return { status: 429, headers: { ...json, 'retry-after': '7' }, text: '{"error":"slow down"}' }
  if (pathname === '/gone') return { status: 410, text: 'It is gone' }
  if (pathname === '/broken') return { status: 200, headers: json, text: '{"a":' }
  if (pathname === '/openapi.yaml') return { status: 200, text: YAML }
  if (pathname === '/aliases.yaml') return { status: 200, text: ALIASES }
  if (pathname === '/empty') return { status: 204, text: '' }
  if (pathname === '/echo')
    return { status: 200, headers: json, text: JSON.stringify({ said: body, authorization: request.headers.authorization ?? null }) }
  return { status: 200, headers: { 'content-type': 'text/plain' }, text: 'plain' }
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      seen.push({ method: request.method, url: request.url, headers: request.headers, body })
      // This path never answers.
      if (request.url === '/silent') return
      const { status, headers, text } = answer(request, body)
      response.writeHead(status, headers).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t = await startTestCore({ work: false, outsideAllow: '127.0.0.1' })
})
afterAll(async () => {
  await t?.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function http(path: string, more: object = {}) {
  return { description: `Reads ${path}`, implementation: { kind: 'http', method: 'GET', url: `${origin}${path}` }, ...more } as never
}

const figures = () =>
  http('/figures?days={days}', {
    inputSchema: { type: 'object', properties: { days: { type: 'integer', minimum: 1 } }, required: ['days'], additionalProperties: false },
    outputSchema: { type: 'object', properties: { revenue: { type: 'number' } }, required: ['revenue'] },
    scopes: ['metrics:read'],
    examples: [{ with: { days: 1 } }],
  })

const lastCall = async (tool: string) => (await t.call('tools.calls', { tool, limit: 1 })).items[0]

describe('a tool definition', () => {
  it('is stored, returned, listed with the built-in tools, replaced by a new version, and deleted', async () => {
    const made = await t.call('tools.put', { tool: 'analytics.figures', definition: figures() })
    expect(made).toMatchObject({ name: 'analytics.figures', kind: 'http', version: 1, status: 'ready', isBuiltIn: false, costTier: 'low' })
    expect(await t.call('tools.get', { tool: 'analytics.figures' })).toEqual(made)
    // Putting the returned definition again changes nothing.
    expect((await t.call('tools.put', { tool: 'analytics.figures', definition: made.definition as never })).version).toBe(1)
    expect(
      (await t.call('tools.put', { tool: 'analytics.figures', definition: { ...(figures() as object), timeout: '5s' } as never })).version,
    ).toBe(2)
    const all = await t.call('tools.list', {})
    expect(all.items.map(({ name }) => name)).toEqual(all.items.map(({ name }) => name).sort())
    expect(all.items.find(({ name }) => name === 'time.now')).toMatchObject({ isBuiltIn: true, version: null, kind: 'builtin' })
    const first = await t.call('tools.list', { limit: 2 })
    const second = await t.call('tools.list', { limit: 200, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items]).toEqual(all.items)
    expect((await t.call('tools.list', { kind: 'http' })).items.map(({ name }) => name)).toEqual(['analytics.figures'])
    expect((await t.call('tools.list', { search: 'READS /fig' })).items.map(({ name }) => name)).toEqual(['analytics.figures'])
    await t.call('tools.delete', { tool: 'analytics.figures' })
    await expect(t.call('tools.get', { tool: 'analytics.figures' })).rejects.toMatchObject({ code: 'tool.not_found' })
    // Traces of calls refer to versions, so a new tool with this name continues the numbers.
    expect((await t.call('tools.put', { tool: 'analytics.figures', definition: figures() })).version).toBe(3)
  })

  it('that can never work is rejected with the path of each fault', async () => {
    const faulty = async (definition: object) => {
      const error = await t.call('tools.put', { tool: 'x.y', definition: definition as never }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'invalid_input' })
      return (error as { extra: { errors: { path: string }[] } }).extra.errors.map(({ path }) => path)
    }
    const properties = { inputSchema: { type: 'object', properties: { a: {} } } }
    expect(await faulty(http('/{a}', properties))).toEqual(['definition.implementation.url'])
    expect(await faulty(http('/', { implementation: { kind: 'http', method: 'POST', url: origin, body: { x: ['{b}'] } } }))).toEqual([
      'definition.implementation.body',
    ])
    expect(
      await faulty(http('/', { implementation: { kind: 'http', method: 'GET', url: origin, headers: { Authorization: 'x' } } })),
    ).toEqual(['definition.implementation.headers.Authorization'])
    for (const url of ['ftp://a.example/', 'http://{host}.example/', 'https://a:b@c.example/', 'https://a.example{b}/']) {
      expect(await faulty(http('/', { implementation: { kind: 'http', method: 'GET', url } }))).toEqual(['definition.implementation.url'])
    }
    expect(await faulty(http('/', { inputSchema: { type: 'strin' } }))).toContain('definition.inputSchema')
    expect(await faulty(http('/', { inputSchema: { type: 'array' } }))).toEqual(['definition.inputSchema.type'])
    expect(await faulty(http('/', { timeout: '2h' }))).toEqual(['definition.timeout'])
    expect(
      await faulty(http('/', { ...properties, outputSchema: { type: 'number' }, examples: [{ with: { a: 1 }, gives: 'x' }] })),
    ).toEqual(['definition.examples[0].gives'])
    const bind = (implementation: object) => ({ description: 'x', implementation: { kind: 'builtin', ...implementation } })
    expect(await faulty(bind({ builtIn: 'no.such' }))).toEqual(['definition.implementation.builtIn'])
    expect(await faulty(bind({ builtIn: 'time.now', with: { zone: 'UTC' } }))).toEqual(['definition.implementation.with.zone'])
    expect(await faulty(bind({ builtIn: 'time.now', connection: 'x' }))).toEqual(['definition.implementation.connection'])
    expect(await faulty(bind({ builtIn: 'slack.post', with: { channel: 5, blocks: [1] } }))).toEqual([
      'definition.implementation.with.channel',
      'definition.implementation.with.blocks[0]',
    ])
    expect(await faulty(http('/', { implementation: { kind: 'http', method: 'GET', url: origin, body: { a: 1 } } }))).toEqual([
      'definition.implementation.body',
    ])
    expect(await faulty({ description: 'x', implementation: { kind: 'mcp', connection: 'c', tool: 't' } })).toEqual([
      'definition.implementation',
    ])
    const pipeline = { kind: 'pipeline', definition: { pipeline: [{ id: 'a', uses: 'no.such.tool' }] } }
    await expect(
      t.call('tools.put', { tool: 'x.y', definition: { description: 'x', implementation: pipeline } as never }),
    ).rejects.toMatchObject({ code: 'pipeline.invalid' })
  })

  it('cannot have the name of a built-in tool', async () => {
    for (const name of ['tools.put', 'tools.delete', 'tools.review'] as const) {
      const input = { tool: 'time.now', definition: figures(), decision: 'accept', pin: '0'.repeat(64) }
      const fields = { 'tools.put': ['tool', 'definition'], 'tools.delete': ['tool'], 'tools.review': ['tool', 'decision', 'pin'] }[name]
      const given = Object.fromEntries(Object.entries(input).filter(([field]) => fields.includes(field)))
      await expect(t.answer(name, given)).rejects.toMatchObject({ code: 'tool.name_reserved' })
    }
  })

  it('is invisible to other organizations, and a call needs the scope tools:call', async () => {
    const key = await t.otherOrg('tools-other')
    await expect(t.call('tools.get', { tool: 'analytics.figures' }, { key })).rejects.toMatchObject({ code: 'tool.not_found' })
    expect((await t.call('tools.list', { kind: 'http' }, { key })).items).toEqual([])
    expect((await t.call('tools.calls', {}, { key })).items).toEqual([])
    const { secret } = await t.call('keys.create', { name: 'reads', set: 'viewer' })
    expect(PERMISSION_SETS.viewer).toContain('tools:read')
    await expect(t.call('tools.call', { tool: 'time.now' }, { key: secret ?? '' })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('a call by hand', () => {
  const keyWith = async (...scopes: string[]) => (await t.call('keys.create', { name: 'hand', scopes } as never)).secret ?? ''

  it('needs the permissions that match the scopes of the tool', async () => {
    const pause = { tool: 'orchestrator.pause', args: { task: 'no-such' } }
    await expect(t.call('tools.call', pause, { key: await keyWith('tools:call') })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(t.call('tools.call', pause, { key: await keyWith('tools:call', 'automations:write') })).rejects.toMatchObject({
      code: 'tool.failed',
      detail: expect.stringMatching(/^automation.not_found/),
    })
    const emit = { tool: 'event.emit', args: { topic: 'by.hand' } }
    await expect(t.call('tools.call', emit, { key: await keyWith('tools:call') })).rejects.toMatchObject({
      code: 'forbidden',
      extra: { permission: 'events:write' },
    })
    expect(await t.call('tools.call', emit, { key: await keyWith('tools:call', 'events:write') })).toMatchObject({
      output: { subject: expect.stringMatching(/^tcl_/) },
    })
    // A scope that stands for no permission needs nothing but tools:call.
    const request = { tool: 'http.request', args: { url: 'http://127.0.0.1:1/' } }
    await expect(t.call('tools.call', request, { key: await keyWith('tools:call') })).rejects.toMatchObject({ code: 'tool.failed' })
  })
})

describe('an OpenAPI document', () => {
  const document = () => ({
    openapi: '3.1.0',
    info: { title: 'Figures', version: '1' },
    servers: [{ url: '/' }],
    paths: {
      '/figures': {
        get: {
          operationId: 'read figures',
          summary: 'Figures',
          parameters: [{ name: 'days', in: 'query', required: true, schema: { type: 'integer' } }],
          responses: { 200: { content: { 'application/json': { schema: { type: 'object', required: ['revenue'] } } } } },
        },
      },
      '/echo': { post: { operationId: 'echo', requestBody: { content: { 'application/json': {} } }, responses: {} } },
      '/cookie': { get: { operationId: 'cookie', parameters: [{ name: 'sid', in: 'cookie', required: true }], responses: {} } },
    },
  })
  const input = () => ({ document: document(), prefix: 'doc', baseUrl: origin }) as never

  it('can be written in YAML', async () => {
    const imported = await t.call('tools.import', { url: `${origin}/openapi.yaml`, prefix: 'yaml' } as never)
    expect(imported).toMatchObject({ title: 'Figures in YAML', tools: [{ name: 'yaml.figures' }], leftOut: [] })
    expect((await t.call('tools.call', { tool: 'yaml.figures', args: { days: 2 } })).output).toEqual({ revenue: 1250.5, days: 2 })
    for (const path of ['aliases.yaml', 'plain']) {
      const failing = t.call('tools.import', { url: `${origin}/${path}`, prefix: 'no' } as never)
      await expect(failing).rejects.toMatchObject({ code: 'tool.source_failed' })
    }
  })

  it('becomes one tool for each operation, and a new version of a tool that changed', async () => {
    const first = await t.call('tools.import', input())
    expect(first).toEqual({
      title: 'Figures',
      tools: [
        { name: 'doc.read_figures', operation: 'read figures', version: 1, outcome: 'added' },
        { name: 'doc.echo', operation: 'echo', version: 1, outcome: 'added' },
      ],
      leftOut: [{ operation: 'cookie', reason: 'It requires the parameter sid: cookies are not supported' }],
    })
    expect((await t.call('tools.call', { tool: 'doc.read_figures', args: { days: 3 } })).output).toEqual({ revenue: 1250.5, days: 3 })
    expect((await t.call('tools.call', { tool: 'doc.echo', args: { body: { a: [1] } } })).output).toMatchObject({ said: '{"a":[1]}' })
    const changed = await t.call('tools.import', { ...(input() as object), only: ['echo', 'cookie'], timeout: '5s' } as never)
    expect(changed.tools).toEqual([{ name: 'doc.echo', operation: 'echo', version: 2, outcome: 'replaced' }])
    expect(changed.leftOut.map(({ operation }) => operation)).toEqual(['cookie'])
  })

  it('leaves out operations that exceed the limits of tools.put', async () => {
    const parameters = Array.from({ length: 101 }, (_, n) => ({ name: `p${n}`, in: 'query' }))
    const paths = { '/many': { get: { operationId: 'many', parameters } }, [`/${'b'.repeat(3000)}`]: { get: { operationId: 'long' } } }
    const { tools, leftOut } = await t.call('tools.import', { ...(input() as object), document: { ...document(), paths } } as never)
    expect(tools).toEqual([])
    expect(leftOut).toMatchObject([
      { operation: 'many', reason: expect.stringMatching(/^implementation.parameters: .*100/) },
      { operation: 'long', reason: expect.stringMatching(/^implementation.path: .*2048/) },
    ])
  })

  it('with many operations is only read as far as the import needs', async () => {
    const schema = { type: 'object', properties: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`p${n}`, { type: 'string' }])) }
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/Large' } } }
    const operation = { requestBody: { content }, responses: { 200: { content } } }
    const paths = Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [`/p${n}`, { post: { ...operation, operationId: `o${n}` } }]))
    const large = { ...document(), paths, components: { schemas: { Large: schema } } }
    const before = process.threadCpuUsage()
    const { tools, leftOut } = await t.call('tools.import', { ...(input() as object), prefix: 'large', limit: 2, document: large } as never)
    expect([tools.length, leftOut.length]).toEqual([2, 5_998])
    const rest = await t.call('tools.import', { ...(input() as object), prefix: 'large', only: ['o5999'], document: large } as never)
    expect([rest.tools.length, rest.leftOut]).toEqual([1, []])
    // Reading all operations blocked the process for ten seconds in each import and took a gigabyte.
    expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(8_000)
  })

  it('does not replace an unrelated tool, and stops at the limit', async () => {
    await t.call('tools.put', { tool: 'taken.echo', definition: http('/') })
    const { tools, leftOut } = await t.call('tools.import', { ...(input() as object), prefix: 'taken', limit: 2 } as never)
    expect(tools.map(({ name }) => name)).toEqual(['taken.read_figures'])
    expect(leftOut).toContainEqual({ operation: 'echo', reason: 'There is already another tool taken.echo' })
    const few = await t.call('tools.import', { ...(input() as object), prefix: 'few', limit: 1 } as never)
    expect(few.leftOut).toContainEqual({ operation: 'echo', reason: 'The import was limited to 1 operations' })
  })
})

describe('a call', () => {
  it('returns the answer of the endpoint and records a trace', async () => {
    const called = await t.call('tools.call', { tool: 'analytics.figures', args: { days: 7 } })
    expect(called.output).toEqual({ revenue: 1250.5, days: 7 })
    expect(seen.at(-1)).toMatchObject({ method: 'GET', url: '/figures?days=7' })
    expect(await lastCall('analytics.figures')).toMatchObject({
      version: 3,
      kind: 'http',
      runId: null,
      step: 'tools.call',
      attempt: 1,
      outcome: 'succeeded',
      error: null,
    })
    expect((await t.call('tools.call', { tool: 'time.now', args: { timezone: 'Europe/Berlin' } })).output).toMatchObject({
      timezone: 'Europe/Berlin',
    })
  })

  it('with invalid arguments is rejected with the path of the argument', async () => {
    const before = seen.length
    const error = await t.call('tools.call', { tool: 'analytics.figures', args: { days: 0 } }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'args.days' }] } })
    expect(seen.length).toBe(before)
    await expect(t.call('tools.call', { tool: 'no.such' })).rejects.toMatchObject({ code: 'tool.not_found' })
  })

  it.each([
    ['/wrong', /InvalidOutput: The output of x.fails: revenue must be number/, false],
    ['/busy', /HttpError: 127.0.0.1 answered with status 429 and asks to wait \(Retry-After: 7\): {"error":"slow down"}/, true],
    ['/gone', /HttpError: .* 410: It is gone/, false],
    ['/broken', /InvalidOutput/, false],
  ])('that fails at %s reports the reason and whether it is retryable', async (path, message, isRetryable) => {
    const outputSchema = { type: 'object', properties: { revenue: { type: 'number' } } }
    await t.call('tools.put', { tool: 'x.fails', definition: http(path, { outputSchema }) })
    await expect(t.call('tools.call', { tool: 'x.fails' })).rejects.toMatchObject({
      code: 'tool.failed',
      detail: expect.stringMatching(message),
    })
    expect(await lastCall('x.fails')).toMatchObject({ outcome: 'failed', error: { isRetryable } })
  })

  it('ends when its time limit passes', async () => {
    await t.call('tools.put', { tool: 'x.silent', definition: http('/silent') })
    await expect(t.call('tools.call', { tool: 'x.silent', timeout: '100ms' })).rejects.toMatchObject({
      detail: expect.stringMatching(/TimeoutError/),
    })
    expect(await lastCall('x.silent')).toMatchObject({ outcome: 'failed', error: { name: 'TimeoutError', isRetryable: true } })
  })

  it('returns null for an empty body and a string for text, and cannot reach a closed address', async () => {
    await t.call('tools.put', { tool: 'x.empty', definition: http('/empty') })
    expect((await t.call('tools.call', { tool: 'x.empty' })).output).toBeNull()
    await t.call('tools.put', { tool: 'x.plain', definition: http('/') })
    expect((await t.call('tools.call', { tool: 'x.plain' })).output).toBe('plain')
    await t.call('tools.put', {
      tool: 'x.closed',
      definition: http('/', { implementation: { kind: 'http', method: 'GET', url: 'http://10.0.0.1/' } }),
    })
    await expect(t.call('tools.call', { tool: 'x.closed' })).rejects.toMatchObject({
      detail: expect.stringMatching(/OutsideError: 10.0.0.1 is in a private network/),
    })
  })

  it('sends a credential only to the origins of its connection', async () => {
    const settings = { type: 'bearer' as const, token: 'hunter2-hunter2', origins: [origin] }
    await t.call('connections.create', { name: 'bound', settings })
    await t.call('connections.create', { name: 'elsewhere', settings: { ...settings, origins: ['https://api.example.com'] } })
    await t.call('connections.create', { name: 'nowhere', settings: { type: 'bearer', token: 'hunter2-hunter2' } })
    const echo = (connection: string) => http('/', { implementation: { kind: 'http', method: 'POST', url: `${origin}/echo`, connection } })
    await t.call('tools.put', { tool: 'x.echo', definition: echo('bound') })
    const { output } = await t.call('tools.call', { tool: 'x.echo', args: { a: 1 } })
    // The server repeats the credential, but the output does not contain it.
    expect(output).toMatchObject({ said: '{"a":1}', authorization: expect.not.stringContaining('hunter2') })
    expect(seen.at(-1)?.headers).toMatchObject({ authorization: 'Bearer hunter2-hunter2', 'idempotency-key': expect.any(String) })
    const before = seen.length
    for (const [connection, why] of [
      ['elsewhere', /its origins are https:\/\/api.example.com/],
      ['nowhere', /it lists no origins/],
      ['none', /There is no connection none/],
    ] as const) {
      await t.call('tools.put', { tool: 'x.echo', definition: echo(connection) })
      await expect(t.call('tools.call', { tool: 'x.echo' })).rejects.toMatchObject({ detail: expect.stringMatching(why) })
    }
    expect(seen.length).toBe(before)
  })

  it('of a built-in tool under another name uses its preset arguments', async () => {
    const definition = {
      description: 'The time in Berlin',
      implementation: { kind: 'builtin', builtIn: 'time.now', with: { timezone: 'Europe/Berlin' } },
    }
    const made = await t.call('tools.put', { tool: 'berlin.time', definition: definition as never })
    expect(made.definition.inputSchema).toMatchObject({ properties: {} })
    expect((await t.call('tools.call', { tool: 'berlin.time' })).output).toMatchObject({ timezone: 'Europe/Berlin' })
    await expect(t.call('tools.call', { tool: 'berlin.time', args: { timezone: 'UTC' } })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('of a built-in tool with a preset that decides a oneOf accepts the other arguments', async () => {
    const implementation = { kind: 'builtin', builtIn: 'orchestrator.schedule_task', with: { delay_hours: 24 } }
    await t.call('tools.put', { tool: 'tomorrow', definition: { description: 'A day later', implementation } as never })
    const tomorrow = (args: object) => t.call('tools.call', { tool: 'tomorrow', args: { task: 'no-such', ...args } as never })
    await expect(tomorrow({})).rejects.toMatchObject({ detail: expect.stringMatching(/^automation.not_found/) })
    await expect(tomorrow({ delay: '1h' })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('that fails on an invalid answer records its usage', async () => {
    const { url } = await listenModel(() => '{"count":"many"}')
    const settings = { type: 'model' as const, provider: 'openai' as const, baseUrl: url, apiKey: 'x', defaultModel: 'gpt-5-mini' }
    await t.call('connections.create', { name: 'model', settings })
    const schema = { type: 'object', properties: { count: { type: 'integer' } } }
    const extract = { tool: 'llm.extract', args: { connection: 'model', content: 'x', schema } }
    await expect(t.call('tools.call', extract)).rejects.toMatchObject({ detail: expect.stringMatching(/count must be integer/) })
    const usage = { inputTokens: 1_000, outputTokens: 100, cost: expect.closeTo(0.00045, 9), model: 'gpt-5-mini-2026-01-31' }
    expect(await lastCall('llm.extract')).toMatchObject({ outcome: 'failed', usage })
    const implementation = { kind: 'builtin', builtIn: 'llm.extract', connection: 'model' }
    const outputSchema = { type: 'object', required: ['more'] }
    await t.call('tools.put', { tool: 'x.extract', definition: { description: 'x', outputSchema, implementation } as never })
    await t.call('tools.call', { tool: 'x.extract', args: { content: 'x', schema: { type: 'object' } } }).catch(() => undefined)
    expect(await lastCall('x.extract')).toMatchObject({ error: { name: 'InvalidOutput' }, usage })
  })

  it('records a trace when the error message is cut within a character', async () => {
    for (const [n, pad] of ['', 'a'].entries()) {
      const outputSchema = { const: `${pad}${'🙂'.repeat(2_000)}` }
      await t.call('tools.put', { tool: `x.cut${n}`, definition: http('/', { outputSchema }) })
      await expect(t.call('tools.call', { tool: `x.cut${n}` })).rejects.toMatchObject({ code: 'tool.failed' })
      expect(await lastCall(`x.cut${n}`)).toMatchObject({ error: { name: 'InvalidOutput' } })
    }
  })

  it('of a tool that starts a run is rejected', async () => {
    const pipeline = { kind: 'pipeline', definition: { pipeline: [{ id: 'a', uses: 'time.now' }] } }
    await t.call('tools.put', { tool: 'x.pipe', definition: { description: 'x', implementation: pipeline } as never })
    await expect(t.call('tools.call', { tool: 'x.pipe' })).rejects.toMatchObject({
      code: 'tool.failed',
      detail: expect.stringMatching(/StartsRun/),
    })
  })

  it('is made once for each idempotency key', async () => {
    const input = { tool: 'x.plain', args: { a: 1 } }
    const first = await t.answer('tools.call', input, { idempotencyKey: 'once' })
    const count = seen.length
    const again = await t.answer('tools.call', input, { idempotencyKey: 'once' })
    expect([again.replayed, again.output]).toEqual([true, first.output])
    expect(seen.length).toBe(count)
    await expect(t.answer('tools.call', { tool: 'x.plain' }, { idempotencyKey: 'once' })).rejects.toMatchObject({
      code: 'idempotency.key_reused',
    })
    const silent = { tool: 'x.silent', timeout: '300ms' }
    const [one, two] = await Promise.allSettled([0, 1].map(() => t.answer('tools.call', silent, { idempotencyKey: 'twice' })))
    const codes = [one, two].map((settled) => (settled?.status === 'rejected' ? (settled.reason as { code: string }).code : 'none'))
    expect(codes.sort()).toEqual(['idempotency.in_progress', 'tool.failed'])
    // The call failed, so the key is free again.
    await expect(t.answer('tools.call', silent, { idempotencyKey: 'twice' })).rejects.toMatchObject({ code: 'tool.failed' })
  })

  it('is recorded in the audit log', async () => {
    const { items } = await t.call('audit.list', { action: 'tool.called', limit: 1 })
    expect(items[0]).toMatchObject({ action: 'tool.called', subject: expect.stringMatching(/^x\./) })
  })
})
