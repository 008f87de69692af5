/** Tools on the whole server: the server imports its own OpenAPI document and calls itself through the imported tools. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase } from '../../../tests/support/database.ts'
import { readConfig } from './config.ts'
import { startTestServer, type TestServer } from './testing/start-test-server.fixture.ts'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url, ['--roles', 'api'], undefined, { ORRERY_OUTSIDE_ALLOW: '127.0.0.1' })
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
})

interface Imported {
  readonly title: string
  readonly tools: readonly { readonly name: string; readonly outcome: string }[]
  readonly leftOut: readonly unknown[]
}

test('imports its own OpenAPI document as tools that work', async () => {
  const settings = { type: 'bearer', token: server.key, origins: [server.url] }
  await server.post('/api/v1/connections', { name: 'self', settings })
  const input = { url: `${server.url}/api/v1/openapi.json`, prefix: 'self', connection: 'self', limit: 500 }
  const imported = await server.post<Imported>('/api/v1/tools/import', input)
  expect(imported.leftOut).toEqual([])
  expect(imported.tools.length).toBeGreaterThan(60)
  const call = (tool: string, args: object) => server.post<{ output: unknown }>(`/api/v1/tools/${tool}/call`, { args })
  expect(await call('self.system.info', {})).toMatchObject({ output: { version: expect.any(String) } })
  expect(await call('self.connections.list', { limit: 1 })).toMatchObject({ output: { items: [{ name: 'self' }] } })
  expect(await call('self.tools.get', { tool: 'time.now' })).toMatchObject({ output: { name: 'time.now', isBuiltIn: true } })
  const made = await call('self.queues.pause', { queue: 'slow' })
  expect(made).toMatchObject({ output: { queue: 'slow', paused: true } })
  expect(await call('self.runs.get', { runId: 'run_01jb2m4k6q8r0s2t4v6w8x0y2z' })).toMatchObject({
    code: 'tool.failed',
    detail: expect.stringMatching(/HttpError: 127.0.0.1 answered with status 404: .*run.not_found/),
  })
  expect(await call('self.runs.get', { runId: 'no id' })).toMatchObject({ code: 'invalid_input', errors: [{ path: 'args.runId' }] })
  const again = await server.post<Imported>('/api/v1/tools/import', input)
  expect(new Set(again.tools.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']))
}, 60_000)

test('imports a document from the request, and reports one that cannot be read', async () => {
  const document = await server.json('/api/v1/openapi.json')
  const given = await server.post<Imported>('/api/v1/tools/import', {
    document,
    prefix: 'given',
    baseUrl: server.url,
    only: ['system.info', 'none'],
  })
  expect(given.tools).toMatchObject([{ name: 'given.system.info', outcome: 'added' }])
  const failing = (input: object) => server.post('/api/v1/tools/import', { prefix: 'x', ...input })
  expect(await failing({ url: `${server.url}/health` })).toMatchObject({
    code: 'tool.source_failed',
    detail: expect.stringMatching(/OpenAPI 3/),
  })
  expect(await failing({ url: `${server.url}/nothing` })).toMatchObject({
    code: 'tool.source_failed',
    detail: expect.stringMatching(/status 404/),
  })
  expect(await failing({ url: 'http://10.0.0.1/' })).toMatchObject({
    code: 'tool.source_failed',
    detail: expect.stringMatching(/ORRERY_OUTSIDE_ALLOW/),
  })
  expect(await failing({})).toMatchObject({ code: 'invalid_input' })
  expect(await failing({ document, url: server.url })).toMatchObject({ code: 'invalid_input' })
})

test('reads the allowed outside addresses from the settings and refuses malformed ones', () => {
  expect(readConfig({}, [])).toMatchObject({ outsideAllow: [], mcpStdio: false })
  expect(readConfig({ ORRERY_OUTSIDE_ALLOW: 'api.internal:8080, 10.0.0.0/8', ORRERY_MCP_STDIO: 'yes' }, []).outsideAllow).toHaveLength(2)
  expect(() => readConfig({ ORRERY_OUTSIDE_ALLOW: 'http://api.internal' }, [])).toThrow(/ORRERY_OUTSIDE_ALLOW must be names, addresses/)
})
