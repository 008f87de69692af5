/** A client of MCP that has never seen the server finds its way by OAuth: with the official client, a whole server, and people who decide. */
import { Client, type OAuthClientProvider, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'
import { decodeId } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../../tests/support/eventually.ts'
import { allow, type Browser, type OAuthServer, startOAuthServer } from '../../testing/oauth-server.fixture.ts'

const REDIRECT = 'http://127.0.0.1:33418/callback'

let server: OAuthServer
let ada: Browser

beforeAll(async () => {
  server = await startOAuthServer()
  ada = await server.logIn('Ada', { [server.org]: 'operator' })
})
afterAll(() => server?.stop())

/** A client as programs on a computer have it. Where it would open a browser, `asked` gets the address. */
function makeProvider(): OAuthClientProvider & { asked: URL[]; kept: Record<string, unknown> } {
  const kept: Record<string, unknown> = {}
  const asked: URL[] = []
  return {
    asked,
    kept,
    redirectUrl: REDIRECT,
    clientMetadata: { client_name: 'Test program', redirect_uris: [REDIRECT] },
    state: () => 'state of the client',
    clientInformation: () => kept.client as never,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens as never,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    redirectToAuthorization: (url) => void asked.push(url),
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier as string,
    saveDiscoveryState: (state) => void (kept.discovery = state),
    discoveryState: () => kept.discovery as never,
  }
}

/** Connects as a person would: the program opens the browser, the person allows it, the program continues. */
async function connect(url: string, browser: Browser, org?: string) {
  const provider = makeProvider()
  const transport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider })
  const first = transport()
  await expect(new Client({ name: 'test', version: '1' }).connect(first)).rejects.toThrow(UnauthorizedError)
  const finish = async (through: StreamableHTTPClientTransport) => {
    const back = await allow(provider.asked.pop() ?? '', browser, org === undefined ? {} : { org })
    expect(back.searchParams.get('state')).toBe('state of the client')
    expect(back.searchParams.get('iss')).toBe(server.issuer)
    await through.finishAuth(back.searchParams)
  }
  await finish(first)
  const client = new Client({ name: 'test', version: '1' })
  const second = transport()
  await client.connect(second)
  return { client, provider, transport: second, finish }
}

const callTool = (client: Client, name: string, args: Record<string, unknown> = {}) => client.callTool({ name, arguments: args })

describe('a client that has never seen the server', () => {
  it.each(['issuer', 'url'] as const)('finds its way from a 401 to a call of a tool, by the %s of the server', async (name) => {
    const { client, provider } = await connect(`${server[name]}/mcp`, ada)
    const found = await callTool(client, 'workflow_list')
    expect(found.isError ?? false).toBe(false)
    expect(provider.kept.tokens).toMatchObject({ scope: 'viewer offline_access', token_type: 'Bearer', refresh_token: expect.any(String) })
    await client.close()
  })

  it('asks for more when a tool needs it, and gets no more than the role of its person allows', async () => {
    const { client, provider, transport, finish } = await connect(`${server.issuer}/mcp`, ada)
    const { tools } = await client.listTools()
    const names = tools.map((tool) => tool.name)
    expect(names).toContain('event_emit')
    expect(names).not.toContain('tool_call')
    const emit = () => callTool(client, 'event_emit', { topic: 'asked' })
    await expect(emit()).rejects.toThrow(UnauthorizedError)
    expect(provider.asked[0]?.searchParams.get('scope')).toBe('viewer offline_access events:write')
    await finish(transport)
    expect((await emit()).isError ?? false).toBe(false)
    const { items } = await server.json<{ items: object[] }>('/api/v1/audit?action=event.emitted')
    expect(items).toMatchObject([{ actorType: 'member', detail: { client: { name: 'Test program' } } }])
    const given = await server.json<{ items: object[] }>('/api/v1/audit?action=consent.given')
    expect(given.items[0]).toMatchObject({ actorType: 'member', detail: { scopes: ['viewer', 'offline_access', 'events:write'] } })
    await client.close()
  })

  it('gets new tokens by its refresh token, without its person', async () => {
    const { client, provider } = await connect(`${server.issuer}/mcp`, ada)
    const before = provider.kept.tokens as { access_token: string; refresh_token: string }
    provider.kept.tokens = { ...before, access_token: `${before.access_token.slice(0, -8)}AAAAAAAA` }
    expect((await callTool(client, 'workflow_list')).isError ?? false).toBe(false)
    const after = provider.kept.tokens as { access_token: string; refresh_token: string }
    expect(after.refresh_token).not.toBe(before.refresh_token)
    expect(provider.asked).toEqual([])
    await client.close()
  })

  it('acts in the organization that its person chose', async () => {
    const made = await server.post<{ id: string }>('/api/v1/orgs', { name: 'elsewhere' })
    const other = decodeId('org', made.id) ?? ''
    const both = await server.logIn('Bob', { [server.org]: 'viewer', [other]: 'viewer' })
    const { client, provider } = await connect(`${server.issuer}/mcp`, both, other)
    const { access_token: token } = provider.kept.tokens as { access_token: string }
    const answer = await fetch(`${server.issuer}/api/v1/orgs/current`, { headers: { authorization: `Bearer ${token}` } })
    expect(await answer.json()).toMatchObject({ id: made.id })
    await client.close()
  })
})

describe('what a person allowed', () => {
  const ENDS: readonly (readonly [string, (browser: Browser, client: string) => Promise<unknown>])[] = [
    ['the person withdraws it', async (browser) => withdraw(browser)],
    ['the login is ended', (browser) => server.query('delete from auth.login where id = $1', [browser.login])],
    ['the login expires', (browser) => server.query('update auth.login set expires_at = now() where id = $1', [browser.login])],
    [
      'the member is suspended',
      (browser) => server.query('update app.member set suspended_at = now() where person_id = $1', [browser.person]),
    ],
    ['the member is removed', (browser) => server.query('delete from app.member where person_id = $1', [browser.person])],
    ['the client is disabled', (_, client) => server.query('update auth.oauth_client set disabled = true where client_id = $1', [client])],
    ['the client is deleted', (_, client) => server.query('delete from auth.oauth_client where client_id = $1', [client])],
  ]

  async function withdraw({ cookie }: Browser): Promise<void> {
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    // The operations consents.list and consents.withdraw.
    const listed = await fetch(`${server.issuer}/api/v1/consents`, { headers })
    const { items } = (await listed.json()) as { items: { id: string }[] }
    expect(items).toMatchObject([{ client: { name: 'Test program', host: null }, scopes: ['viewer', 'offline_access'] }])
    const gone = await fetch(`${server.issuer}/api/v1/consents/${items[0]?.id}`, { method: 'DELETE', headers })
    expect(gone.status).toBe(200)
  }

  it.each(ENDS)('ends within five seconds when %s', async (_, end) => {
    const browser = await server.logIn('Eve', { [server.org]: 'viewer' })
    const { client, provider } = await connect(`${server.issuer}/mcp`, browser)
    const { access_token: token } = provider.kept.tokens as { access_token: string }
    const ask = async () => (await fetch(`${server.issuer}/api/v1/runs`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await ask()).toBe(200)
    await end(browser, (provider.kept.client as { client_id: string }).client_id)
    const begun = performance.now()
    await eventually(ask, (status) => status === 401)
    expect(performance.now() - begun).toBeLessThan(5000)
    await client.close()
  })
})
