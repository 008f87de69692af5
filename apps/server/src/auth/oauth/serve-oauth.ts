import { decodeId } from '@orrery/contract'
import {
  cleanUpClients,
  DEFAULT_OAUTH_SCOPE,
  findClient,
  type Kernel,
  type Login,
  listChoices,
  type OAuthAddresses,
  recordConsent,
} from '@orrery/kernel'
import { Hono } from 'hono'
import { AUTH_PATH } from '../../http/paths.ts'
import { readBody } from '../../http/read-body.ts'
import type { ServerContext, ServerEnv } from '../../http/request-info.ts'
import { AUTHORIZE_PATH, CONSENT_PAGE, CONSENT_PATH, REGISTER_PATH, REVOKE_PATH, TOKEN_PATH } from './addresses.ts'
import { readClientMetadata } from './client-metadata.ts'
import { showConsent, showProblem } from './consent-page.ts'
import { chosenOrg, withOffline } from './oauth-plugins.ts'
import { bindToLogin, readSignedQuery } from './signed-query.ts'

interface OAuthFaceParts {
  readonly kernel: Kernel
  /** The login library. */
  readonly auth: () => Promise<{ handler(request: Request): Promise<Response> }>
  readonly addresses: () => OAuthAddresses
  /** The secret with which the login library signs. */
  readonly secret: string
  /** The login that a request belongs to; null: none that is good. */
  readonly findLoginOf: (context: ServerContext) => Promise<Login | null>
  /** The headers of a request as the login library may see them. */
  readonly readHeaders: (context: ServerContext) => Promise<Headers>
}

const BODY_BYTES_MAX = 32_768
const REGISTRATION_BYTES_MAX = 8_192

/**
 * What of OAuth is open, in front of the login library: it sees only parameters that this server supports. Failures have the form of
 * RFC 6749, 4.1.2.1 and 5.2.
 */
export function serveOAuth(parts: OAuthFaceParts): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  app.get(`${AUTH_PATH}${AUTHORIZE_PATH}`, (context) => authorize(context, parts))
  app.get(CONSENT_PAGE, (context) => askForConsent(context, parts))
  app.post(`${AUTH_PATH}${CONSENT_PATH}`, (context) => decide(context, parts))
  for (const path of [TOKEN_PATH, REVOKE_PATH]) app.post(`${AUTH_PATH}${path}`, (context) => answerForm(context, parts, path))
  app.post(`${AUTH_PATH}${REGISTER_PATH}`, (context) => register(context, parts))
  return app
}

/** Others are ignored (RFC 6749, 3.1). */
const ASKED = ['response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'code_challenge', 'code_challenge_method'] as const

async function authorize(context: ServerContext, parts: OAuthFaceParts): Promise<Response> {
  context.var.info.operation = 'auth/oauth2/authorize'
  const given = new URL(context.req.url).searchParams
  const asked = new URLSearchParams()
  for (const name of ASKED) {
    const values = given.getAll(name)
    if (values.length > 1) return showProblem(`The program sent ${name} more than once.`)
    if (values[0] !== undefined && values[0] !== '') asked.set(name, values[0])
  }
  asked.set('scope', withOffline(asked.get('scope') ?? DEFAULT_OAUTH_SCOPE))
  const resources = given.getAll('resource')
  for (const resource of resources.length === 0 ? parts.addresses().resources.slice(0, 1) : resources) asked.append('resource', resource)
  const isSilent = given.get('prompt') === 'none'
  const login = await parts.findLoginOf(context)
  if (login === null && !isSilent) {
    const next = `${AUTH_PATH}${AUTHORIZE_PATH}?${given.toString()}`
    return context.redirect(`/login?next=${encodeURIComponent(next)}`, 302)
  }
  if (isSilent) asked.set('prompt', 'none')
  if (login !== null) bindToLogin(asked, login.id)
  const headers = await parts.readHeaders(context)
  // The library would answer pages and programs in another way than browsers that go there.
  for (const name of ['accept', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-site', 'origin']) headers.delete(name)
  const url = `${parts.addresses().issuer}${AUTH_PATH}${AUTHORIZE_PATH}?${asked.toString()}`
  const answer = await (await parts.auth()).handler(new Request(url, { headers }))
  const to = answer.headers.get('location')
  if (to === null) return refuse(context, parts, answer)
  const errorPage = `${parts.addresses().issuer}${AUTH_PATH}/error`
  if (!to.startsWith(errorPage)) return context.redirect(to, 302)
  const why = new URL(to).searchParams
  logRefusal(context, parts, why.get('error'), asked.get('client_id'))
  return showProblem(`The program's request is not valid: ${why.get('error_description') ?? why.get('error') ?? 'unknown'}.`)
}

async function askForConsent(context: ServerContext, parts: OAuthFaceParts): Promise<Response> {
  const { search, host } = new URL(context.req.url)
  const login = await parts.findLoginOf(context)
  const query = login === null ? null : readSignedQuery(parts.secret, search.slice(1), login.id, Date.now())
  const redirect = URL.parse(query?.get('redirect_uri') ?? '')
  const client = await findClient(parts.kernel.database, query?.get('client_id') ?? '')
  if (login === null || query === null || redirect === null || client === null) {
    return showProblem('The request is older than ten minutes, or was begun by another login.')
  }
  const choices = await listChoices(parts.kernel.database, login.person)
  return showConsent({ client, redirect, scopes: (query.get('scope') ?? '').split(' '), choices, host })
}

interface Decision {
  readonly accept?: unknown
  readonly organization?: unknown
  readonly oauth_query?: unknown
}

/** The decision of a person: `{accept, organization, oauth_query}`. The answer is `{url}`, to which the browser goes. */
async function decide(context: ServerContext, parts: OAuthFaceParts): Promise<Response> {
  context.var.info.operation = 'auth/oauth2/consent'
  const login = await parts.findLoginOf(context)
  if (login === null) return fail(context, parts, 401, 'login_required', 'Log in first, on a page of this server.')
  const decision = parseJson(await readBody(context.req.raw, BODY_BYTES_MAX)) as Decision | null
  const text = typeof decision?.oauth_query === 'string' ? decision.oauth_query : ''
  const query = readSignedQuery(parts.secret, text, login.id, Date.now())
  if (query === null) {
    return fail(context, parts, 400, 'invalid_request', 'The request is older than ten minutes, or was begun by another login.')
  }
  const accept = decision?.accept === true
  const org = decodeId('org', String(decision?.organization))
  const choices = await listChoices(parts.kernel.database, login.person)
  if (accept && !choices.some((choice) => choice.org === org)) {
    return fail(context, parts, 403, 'access_denied', 'You are no member of that organization.')
  }
  const headers = await parts.readHeaders(context)
  headers.set('content-type', 'application/json')
  headers.delete('content-length')
  const body = JSON.stringify({ accept, oauth_query: text })
  const url = `${parts.addresses().issuer}${AUTH_PATH}${CONSENT_PATH}`
  const answer = await chosenOrg.run(org ?? '', async () =>
    (await parts.auth()).handler(new Request(url, { method: 'POST', headers, body })),
  )
  const client = query.get('client_id') ?? ''
  const decided = { client, scopes: (query.get('scope') ?? '').split(' '), redirect: query.get('redirect_uri') ?? '' }
  const { requestId } = context.var.info
  if (!answer.ok) return refuse(context, parts, answer)
  if (accept && org !== null) await recordConsent(parts.kernel, { person: login.person, org, detail: decided, requestId })
  parts.kernel.log.info({ ...decided, accept, requestId }, 'A person decided about a program')
  return answer
}

/** Not to be sent more than once (RFC 6749, 3.2). `dpop` is not passed on: this server binds no token to a key. */
async function answerForm(context: ServerContext, parts: OAuthFaceParts, path: string): Promise<Response> {
  context.var.info.operation = `auth${path}`
  const form = new URLSearchParams(await readBody(context.req.raw, BODY_BYTES_MAX))
  const repeated = [...new Set(form.keys())].find((name) => name !== 'resource' && form.getAll(name).length > 1)
  if (repeated !== undefined) return fail(context, parts, 400, 'invalid_request', `${repeated} was sent more than once`)
  const headers = await parts.readHeaders(context)
  for (const name of ['cookie', 'origin', 'dpop', 'content-length']) headers.delete(name)
  const url = `${parts.addresses().issuer}${AUTH_PATH}${path}`
  const answer = await (await parts.auth()).handler(new Request(url, { method: 'POST', headers, body: form.toString() }))
  return answer.ok ? answer : refuse(context, parts, answer, form.get('client_id'))
}

async function register(context: ServerContext, parts: OAuthFaceParts): Promise<Response> {
  context.var.info.operation = 'auth/oauth2/register'
  const text = await readBody(context.req.raw, BODY_BYTES_MAX)
  if (text.length > REGISTRATION_BYTES_MAX) {
    return fail(context, parts, 413, 'invalid_client_metadata', `More than ${REGISTRATION_BYTES_MAX} bytes`)
  }
  const read = readClientMetadata(parseJson(text))
  if ('fault' in read) {
    const isRedirect = read.field.startsWith('redirect_uris')
    return fail(context, parts, 400, isRedirect ? 'invalid_redirect_uri' : 'invalid_client_metadata', read.fault)
  }
  const { database, clock } = parts.kernel
  if (!(await cleanUpClients(database, clock.now()))) {
    return fail(context, parts, 503, 'temporarily_unavailable', 'Too many programs were registered without being used. Try again in a day.')
  }
  const headers = await parts.readHeaders(context)
  for (const name of ['cookie', 'origin', 'authorization', 'content-length']) headers.delete(name)
  headers.set('content-type', 'application/json')
  const url = `${parts.addresses().issuer}${AUTH_PATH}${REGISTER_PATH}`
  const answer = await (await parts.auth()).handler(new Request(url, { method: 'POST', headers, body: JSON.stringify(read.kept) }))
  return answer.ok ? answer : refuse(context, parts, answer)
}

/** Passes on what the library refuses. A wrong verifier is a wrong grant (RFC 7636, 4.6). */
async function refuse(context: ServerContext, parts: OAuthFaceParts, answer: Response, client: string | null = null): Promise<Response> {
  const text = await answer.text()
  const said = (parseJson(text) ?? {}) as { readonly error?: string; readonly error_description?: string }
  logRefusal(context, parts, said.error ?? String(answer.status), client)
  if (answer.status === 401 && said.error === 'invalid_request') {
    return json(400, { error: 'invalid_grant', error_description: said.error_description })
  }
  return new Response(text, { status: answer.status, headers: answer.headers })
}

function fail(context: ServerContext, parts: OAuthFaceParts, status: number, error: string, description: string): Response {
  logRefusal(context, parts, error, null)
  return json(status, { error, error_description: description })
}

function logRefusal({ var: { info } }: ServerContext, { kernel }: OAuthFaceParts, error: string | null, client: string | null): void {
  kernel.log.info({ operation: info.operation, address: info.address, client, error, requestId: info.requestId }, 'OAuth refused')
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller says what was expected.
    return null
  }
}
