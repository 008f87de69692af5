/** A TCP proxy in front of PostgreSQL that shows a server each way in which a network or a database can be away. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pg from 'pg'

/**
 * `pass`: bytes pass. `refuse`: connections end at once, as of a database that is down. `silent`: connections stay open and no byte
 * passes, as behind a firewall that forgot them. A number: bytes pass this many ms later.
 */
export type ProxyMode = 'pass' | 'refuse' | 'silent' | number

export interface TcpProxy {
  /** The URL of the database through the proxy. */
  readonly url: string
  /** Applies to open connections, too. `refuse` ends them. */
  set(mode: ProxyMode): void
  /** Ends each open connection with a reset at the next bytes that its client sends. */
  resetNext(): void
  close(): Promise<void>
}

export async function openTcpProxy(url: string): Promise<TcpProxy> {
  const { host, port } = new pg.Client(url)
  const cuts = new Set<() => void>()
  const doomed = new Set<Socket>()
  const clients = new Set<Socket>()
  let mode: ProxyMode = 'pass'

  const server = createServer((client) => {
    if (mode === 'refuse') return void client.destroy()
    const database = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    const cut = (): void => {
      cuts.delete(cut)
      clients.delete(client)
      client.destroy()
      database.destroy()
    }
    cuts.add(cut)
    clients.add(client)
    for (const socket of [client, database]) socket.on('error', cut).on('close', cut)
    const forward = (from: Socket, to: Socket) => (chunk: Buffer) => {
      if (doomed.delete(from)) {
        client.resetAndDestroy()
        return cut()
      }
      if (mode === 'silent') return
      if (typeof mode === 'number') setTimeout(() => to.writable && to.write(chunk), mode)
      else to.write(chunk)
    }
    client.on('data', forward(client, database))
    database.on('data', forward(database, client))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String((server.address() as AddressInfo).port)
  through.searchParams.delete('host')
  return {
    url: through.href,
    set(next) {
      mode = next
      if (next === 'refuse') for (const cut of [...cuts]) cut()
    },
    resetNext() {
      for (const client of clients) doomed.add(client)
    },
    async close() {
      server.close()
      for (const cut of [...cuts]) cut()
      await once(server, 'close')
    },
  }
}
