/** A load balancer as they are: it asks each server whether it is ready, and sends requests to those that were, in turn. It repeats none. */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Balancer {
  readonly url: string
  add(server: string): void
  remove(server: string): void
  /** Those that were ready when they were last asked. */
  ready(): readonly string[]
  close(): Promise<void>
}

export async function openBalancer(askEveryMs: number): Promise<Balancer> {
  const servers = new Map<string, { isReady: boolean }>()
  const agent = new Agent({ keepAlive: true, maxSockets: 50 })
  const ready = () => [...servers].filter(([, { isReady }]) => isReady).map(([server]) => server)
  let turn = 0

  const ask = async (server: string, state: { isReady: boolean }): Promise<void> => {
    const answer = await fetch(`${server}/health/ready`, { signal: AbortSignal.timeout(2000) }).catch(() => null)
    state.isReady = answer?.ok ?? false
  }
  const asking = setInterval(() => {
    for (const [server, state] of servers) void ask(server, state)
  }, askEveryMs)

  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    const among = ready()
    const server = among[turn++ % Math.max(1, among.length)]
    if (server === undefined) return void response.writeHead(502).end('no server is ready')
    const { method, headers, url } = request
    const passed = send(`${server}${url}`, { method, headers, agent }, (answer) => {
      const { connection: _, ...kept } = answer.headers
      response.writeHead(answer.statusCode ?? 502, kept)
      answer.pipe(response)
    })
    passed.on('error', (error) => {
      if (!response.headersSent) response.writeHead(502)
      response.end(error.message)
    })
    request.pipe(passed)
  }
  const server = createServer(forward)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (address) => void servers.set(address, { isReady: false }),
    remove: (address) => void servers.delete(address),
    ready,
    async close() {
      clearInterval(asking)
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
