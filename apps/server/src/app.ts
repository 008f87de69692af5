import { type ProblemError, problem } from '@orrery/contract'
import type { Core } from '@orrery/core'
import { Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { Backend } from './backend.ts'
import { mountOrdinaut } from './compat/ordinaut.ts'
import { serveDocs } from './docs/serve-docs.ts'
import { serveHome } from './docs/serve-home.ts'
import type { EventFace } from './events/stream-events.ts'
import { type Health, isObservation, serveHealth } from './health/serve-health.ts'
import { serveHooks } from './hooks/serve-hooks.ts'
import { answerProblem, toProblem } from './http/answer-problem.ts'
import { createHostCheck, type HostRules } from './http/check-host.ts'
import { createClientAddress } from './http/client-address.ts'
import { loginCookieName, readLoginCookie } from './http/login-cookie.ts'
import { API_PREFIX, DOCS_PATH, EVENT_STREAM_PATH, HOOKS_PATH, MCP_PATH, TRPC_PATH } from './http/paths.ts'
import { readRequestInfo, type ServerContext, type ServerEnv } from './http/request-info.ts'
import { serveMcp } from './mcp/serve-mcp.ts'
import { routeOperations } from './rest/route-operations.ts'
import { serveTokens } from './tokens/serve-tokens.ts'
import { serveTrpc } from './trpc/serve-trpc.ts'

export interface AppParts {
  readonly backend: Backend
  readonly receiveWebhook: Core['receiveWebhook']
  readonly events: EventFace
  readonly health: Health
  /** The pages and endpoints by which people log in. */
  readonly people: Hono<ServerEnv>
  /** The mails of a server that sends none. */
  readonly mailbox: Hono<ServerEnv>
  readonly hosts: HostRules
  /** False for a process without the role `api`: it serves health and metrics only. */
  readonly answers: boolean
}

/** Set on every response. The docs pages set their own Content-Security-Policy. */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Frame-Options', 'DENY'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
]

/** All faces on one port. `fetch` of the returned app answers one request; sockets are the business of `http/listen.ts`. */
export function createApp(parts: AppParts): Hono<ServerEnv> {
  const { backend, hosts } = parts
  const app = new Hono<ServerEnv>()
  app.use(aroundRequests(parts))
  if (hosts.corsOrigins.length > 0) app.use(allowOrigins(hosts.corsOrigins))
  app.route('/', serveHealth(backend, parts.health))
  if (parts.answers) mountFaces(app, parts)
  app.notFound(answerUnrouted(app))
  app.onError((error, context) => {
    const { info } = context.var
    return answerProblem(context, toProblem(error, info, backend.log, context.req.path))
  })
  return app
}

function mountFaces(app: Hono<ServerEnv>, { backend, events, mailbox, people, receiveWebhook }: AppParts): void {
  app.route('/', serveHome(backend))
  app.route('/', serveDocs(backend))
  app.route('/', serveTokens(backend))
  mountOrdinaut(app, backend)
  app.route('/', people)
  app.route('/', mailbox)
  app.get(`${API_PREFIX}${EVENT_STREAM_PATH}`, events)
  app.route(API_PREFIX, routeOperations(backend))
  app.all(`${TRPC_PATH}/*`, serveTrpc(backend))
  app.all(MCP_PATH, serveMcp(backend))
  app.post(`${HOOKS_PATH}/:token`, serveHooks(backend, receiveWebhook))
}

/** Request middleware: ids and trace, Host check, security headers, access log. */
function aroundRequests({ backend, hosts, health }: AppParts): MiddlewareHandler<ServerEnv> {
  const checkHost = createHostCheck(hosts)
  const clientAddress = createClientAddress(hosts.trustedProxies)
  const overTls = hosts.publicUrl?.startsWith('https:') ?? false
  const cookie = loginCookieName(overTls)
  return async (context, next) => {
    const info = readRequestInfo(context.req.raw, clientAddress(context), readLoginCookie(context.req.raw, cookie))
    context.set('info', info)
    try {
      checkHost(context.req.raw)
      if (health.stage() === 'stopping' && !isObservation(context.req.path)) throw stopping()
      await next()
    } catch (error) {
      context.res = answerProblem(context, toProblem(error, info, backend.log, context.req.path))
    }
    const { headers, status } = context.res
    headers.set('X-Request-Id', info.requestId)
    // A connection kept alive for the next request would delay the stop, and keep a load balancer from using another server.
    if (health.stage() !== 'ready') headers.set('Connection', 'close')
    setSecurityHeaders(headers, overTls)
    logRequest(backend, context, status)
  }
}

function setSecurityHeaders(headers: Headers, overTls: boolean): void {
  for (const [name, value] of SECURITY_HEADERS) if (!headers.has(name)) headers.set(name, value)
  if (overTls) headers.set('Strict-Transport-Security', 'max-age=31536000')
}

function stopping(): ProblemError {
  return problem('unavailable', 'The server is stopping. Try again in a moment, or send the request to another server.', {
    retryAfterMs: 1000,
  })
}

function logRequest(backend: Backend, context: ServerContext, status: number): void {
  const { info } = context.var
  const tookMs = performance.now() - info.startedAt
  backend.metrics.requestDone(faceOf(context.req.path), status, tookMs / 1000)
  const quiet = status < 400 && (context.req.method === 'GET' || context.req.method === 'HEAD')
  const level = quiet ? 'debug' : 'info'
  // The query is not logged: people put secrets there although no operation asks for it.
  const fields = {
    method: context.req.method,
    path: context.req.path,
    status,
    tookMs: Math.round(tookMs * 10) / 10,
    operation: info.operation ?? undefined,
  }
  backend.log[level]({ ...fields, requestId: info.requestId, traceId: info.trace.traceId }, 'request')
}

function faceOf(path: string): string {
  if (path.startsWith(API_PREFIX)) return 'rest'
  const face = [TRPC_PATH, MCP_PATH, DOCS_PATH, HOOKS_PATH].find((prefix) => path === prefix || path.startsWith(`${prefix}/`))
  return face?.slice(1) ?? 'other'
}

/** Does not allow cookies: a page of another origin sends a key like any other client. */
function allowOrigins(origins: readonly string[]): MiddlewareHandler<ServerEnv> {
  return cors({
    origin: [...origins],
    allowHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'Last-Event-ID',
      'Mcp-Method',
      'Mcp-Name',
      'Mcp-Protocol-Version',
      'Orrery-Org',
      'Traceparent',
      'X-Request-Id',
    ],
    exposeHeaders: ['Idempotent-Replayed', 'Retry-After', 'X-Request-Id'],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
  })
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Answers requests that match no route: 405 with `Allow` if the path takes other methods (RFC 9110 15.5.6), otherwise 404. */
function answerUnrouted(app: Hono<ServerEnv>): (context: ServerContext) => Response {
  return (context) => {
    const { method, path } = context.req
    const { requestId } = context.var.info
    const asked = method === 'HEAD' ? 'GET' : method
    const allowed = METHODS.filter((one) => app.router.match(one, path)[0].some(([[, route]]) => route.method === one))
    // A route with this method may exist and have called `next()`: then nothing is there.
    if (allowed.length === 0 || allowed.some((one) => one === asked)) {
      return answerProblem(context, problem('not_found', `There is nothing at ${path}.`).toProblem(requestId, path))
    }
    const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : [])].join(', ')
    const shown = problem('method_not_allowed', `This address accepts ${allow}, not ${method}.`)
    return answerProblem(context, shown.toProblem(requestId, path), { Allow: allow })
  }
}
