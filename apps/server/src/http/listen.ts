import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { discardBody } from './discard-body.ts'

export interface Listener {
  readonly port: number
  /** Such as `http://127.0.0.1:8787`. For a wildcard address the host is `localhost`. */
  readonly url: string
  /** Accepts no more connections, waits up to `graceMs` for requests in progress, then closes all connections. */
  stop(graceMs: number): Promise<void>
}

/** Load balancers keep idle connections for up to 60 s. If the server closed them first, requests would fail. */
const KEEP_ALIVE_MS = 65_000

export async function listen(
  fetch: (request: Request, env: HttpBindings) => Response | Promise<Response>,
  host: string,
  port: number,
): Promise<Listener> {
  const answer = async (request: Request, env: HttpBindings): Promise<Response> => {
    const response = await fetch(request, env)
    if (!(await discardBody(env.incoming))) response.headers.set('Connection', 'close')
    return response
  }
  const server = createAdaptorServer({ fetch: answer as Parameters<typeof createAdaptorServer>[0]['fetch'] }) as Server
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.headersTimeout = KEEP_ALIVE_MS + 1000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address() as AddressInfo
  const shown = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return { port: address.port, url: `http://${shown}:${address.port}`, stop: (graceMs) => stop(server, graceMs) }
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // Node keeps a connection alive whose last request ends after `close`. Close such connections as they become idle.
    const sweep = setInterval(() => server.closeIdleConnections(), 20)
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(cut)
      resolve()
    })
  })
}
