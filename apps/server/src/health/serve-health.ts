import { ProblemError } from '@orrery/contract'
import { Hono } from 'hono'
import type { Backend } from '../backend.ts'
import { isLoopback } from '../http/check-host.ts'
import { claimsIdentity, readCaller } from '../http/read-caller.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'

export type Finding =
  | { readonly status: 'ok'; readonly details: Readonly<Record<string, unknown>> }
  /** Degraded: it works, but the operator should look. Down: it does not work. */
  | { readonly status: 'degraded' | 'down'; readonly reason: string; readonly details: Readonly<Record<string, unknown>> }

/**
 * `draining`: a stop was requested, and a load balancer should send no more requests; those that it still sends are answered. `stopping`:
 * no request is answered.
 */
export type Stage = 'ready' | 'draining' | 'stopping'

export interface Health {
  readonly stage: () => Stage
  readonly checks: Readonly<Record<string, () => Promise<Finding>>>
  readonly metrics: 'local' | 'key' | 'off'
}

/** Paths that are answered while the server stops, too. */
export function isObservation(path: string): boolean {
  return path === '/metrics' || path === '/health' || path.startsWith('/health/')
}

const CHECK_TIMEOUT_MS = 3000
/** The checks run at most once in this time, because they read whole tables and anyone may request them. */
const CHECKS_FRESH_MS = 1000

/**
 * `/health` summarizes whether this server can answer requests, in the format of Ordinaut. `/health/ready` is for load balancers, and
 * `/health/live` for supervisors that restart processes. `/health/detailed` shows each check: its status, and with a key that has
 * `orgs:admin` its details. `/metrics` is for Prometheus.
 */
export function serveHealth(backend: Backend, health: Health): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  const names = Object.keys(health.checks)
  const check = atMostEvery(CHECKS_FRESH_MS, () => Promise.all(Object.values(health.checks).map(attempt)))
  app.get('/health', async (context) => {
    if (health.stage() !== 'ready') return context.json({ status: 'stopping' }, 503)
    const found = await check()
    const shown = summarize(Object.fromEntries(names.map((name, index) => [name, found[index]?.status ?? 'down'])))
    return context.json(shown, shown.status === 'unhealthy' ? 503 : 200)
  })
  // Runs no check: a supervisor should restart a process that does not answer, but not one whose database is unavailable.
  app.get('/health/live', (context) => context.json({ status: 'alive' }))
  app.get('/health/ready', async (context) => {
    const database = names.indexOf('database')
    const isReady = health.stage() === 'ready' && (database < 0 || (await check())[database]?.status !== 'down')
    return context.json({ status: isReady ? 'ready' : 'not ready' }, isReady ? 200 : 503)
  })

  app.get('/health/detailed', async (context) => {
    const inside = claimsIdentity(context.req.raw) && (await mayLookInside(backend, context))
    const found = await check()
    const status = found.some((one) => one.status === 'down') ? 'down' : found.some((one) => one.status === 'degraded') ? 'degraded' : 'ok'
    const checks = names.map((name, index) => [name, inside ? found[index] : found[index]?.status])
    const more = inside ? { version: backend.version, uptimeSeconds: Math.round(process.uptime()), pid: process.pid } : {}
    return context.json(
      { status, ...more, checks: Object.fromEntries(checks) },
      status === 'down' || health.stage() !== 'ready' ? 503 : 200,
    )
  })

  if (health.metrics !== 'off') {
    app.get('/metrics', async (context) => {
      if (health.metrics === 'key' || !isLocal(context)) await requireAdmin(backend, context)
      const { text, contentType } = await backend.metrics.render()
      return new Response(text, { headers: { 'Content-Type': contentType } })
    })
  }
  return app
}

type Condition = 'healthy' | 'degraded' | 'unhealthy'
const CONDITIONS = { ok: 'healthy', degraded: 'degraded', down: 'unhealthy' } as const satisfies Record<Finding['status'], Condition>

/** The condition of each service. Redis is `disabled` where none is configured, which does not count as a fault. */
function summarize(found: Readonly<Record<string, Finding['status']>>) {
  const worst = (...names: string[]): Condition => {
    const among = names.map((name) => CONDITIONS[found[name] ?? 'ok'])
    return (['unhealthy', 'degraded'] as const).find((condition) => among.includes(condition)) ?? 'healthy'
  }
  const services = {
    database: worst('database', 'migrations'),
    redis: found.redis === undefined ? ('disabled' as const) : worst('redis'),
    workers: worst('engine', 'queue'),
  }
  // Without the database no request can be answered. Faults of the other services delay work but lose nothing.
  const status: Condition =
    services.database !== 'healthy' ? services.database : worst(...Object.keys(found)) === 'healthy' ? 'healthy' : 'degraded'
  return { status, services }
}

/** @param make must not reject. */
function atMostEvery<T>(ms: number, make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  let until = 0
  return () => {
    if (made === undefined || performance.now() >= until) {
      until = performance.now() + ms
      made = make()
    }
    return made
  }
}

async function attempt(check: () => Promise<Finding>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'down', reason: `no answer within ${CHECK_TIMEOUT_MS} ms`, details: {} }), CHECK_TIMEOUT_MS)
  })
  try {
    return await Promise.race([check(), late])
  } catch (error) {
    return { status: 'down', reason: error instanceof Error ? error.message : String(error), details: {} }
  } finally {
    clearTimeout(timer)
  }
}

/** A key that cannot be looked up now shows what everybody sees: it is then that an operator asks. @throws what refuses the key */
async function mayLookInside(backend: Backend, context: ServerContext): Promise<boolean> {
  try {
    return await requireAdmin(backend, context)
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'unavailable') return false
    throw error
  }
}

/** Details and metrics cover all organizations, so only the operator of the installation may read them. */
async function requireAdmin(backend: Backend, context: ServerContext): Promise<true> {
  await backend.identify(readCaller(context, 'health'), 'orgs:admin')
  return true
}

/** True if the client is a program on this machine that is not a proxy for another client. */
function isLocal(context: ServerContext): boolean {
  const { headers } = context.req.raw
  const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => headers.has(name))
  const address = context.env?.incoming?.socket?.remoteAddress
  return !forwarded && address !== undefined && isLoopback(address)
}
