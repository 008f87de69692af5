/**
 * Serves the contract of Ordinaut with our own operations. The guide docs/guides/from-ordinaut.md lists the endpoints and the
 * differences.
 */
import type { Hono, MiddlewareHandler } from 'hono'
import type { Backend } from '../backend.ts'
import { API_PREFIX } from '../http/paths.ts'
import { readCredential } from '../http/read-caller.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import { type ContractRoute, isUuid, serveRoute } from './contract-route.ts'
import { isOrdinautRequest } from './is-ordinaut-request.ts'
import { authRoutes } from './ordinaut-auth.ts'
import { eventRoutes } from './ordinaut-events.ts'
import { runRoutes } from './ordinaut-runs.ts'
import { taskRoutes } from './ordinaut-tasks.ts'

export const ordinautRoutes: readonly ContractRoute[] = [...authRoutes, ...taskRoutes, ...runRoutes, ...eventRoutes]

/** Must be mounted before our own API. Requests at shared paths that are not meant for Ordinaut are passed on to it. */
export function mountOrdinaut(app: Hono<ServerEnv>, backend: Backend): void {
  for (const route of ordinautRoutes) {
    const serve = serveRoute(backend, route)
    for (const prefix of ['', API_PREFIX]) {
      const path = `${prefix}${route.path}`
      const isShared = prefix !== '' && route.shared !== undefined
      const handle: MiddlewareHandler<ServerEnv> = (context, next) => (isShared && !isMeant(context, route) ? next() : serve(context))
      // Ordinaut's list paths ended with a slash, and it redirected to them.
      for (const form of [path, `${path}/`]) app.on(route.method, form, handle)
    }
  }
}

function isMeant(context: ServerContext, { shared }: ContractRoute): boolean {
  const id = shared === 'id' ? (context.req.param('run_id') ?? '') : ''
  if (isUuid(id)) return true
  return !id.startsWith('run_') && isOrdinautRequest(context.req.raw, readCredential(context.req.raw))
}
