/** A proxy between a store and PostgreSQL that breaks a connection at a given moment. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pg from 'pg'

export interface CommitProxy {
  /** The URL of PostgreSQL through the proxy. */
  readonly url: string
  /**
   * Breaks the connection of the next `commit`: `before` the server gets it, or `after` the server has done it but before the answer
   * arrives.
   */
  breakNext(moment: 'before' | 'after'): void
  close(): Promise<void>
}

export async function openCommitProxy(url: string): Promise<CommitProxy> {
  const { host, port } = new pg.Client(url)
  const sockets = new Set<Socket>()
  let armed: 'before' | 'after' | null = null
  const server = createServer((client) => {
    const database = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    const cut = (): void => {
      for (const socket of [client, database]) {
        sockets.delete(socket)
        socket.destroy()
      }
    }
    for (const socket of [client, database]) sockets.add(socket.on('error', cut).on('close', cut))
    let isCommitting = false
    client.on('data', (chunk) => {
      if (armed === null || !chunk.includes('commit\0')) return void database.write(chunk)
      isCommitting = armed === 'after'
      armed = null
      if (isCommitting) database.write(chunk)
      else cut()
    })
    database.on('data', (chunk) => (isCommitting ? cut() : void client.write(chunk)))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String((server.address() as AddressInfo).port)
  through.searchParams.delete('host')
  return {
    url: through.href,
    breakNext: (moment) => {
      armed = moment
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
