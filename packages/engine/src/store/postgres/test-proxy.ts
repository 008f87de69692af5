/** Proxies between a store and PostgreSQL: one breaks a connection at a given moment, one lets connections go silent. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pg from 'pg'

interface Proxy {
  /** The URL of PostgreSQL through the proxy. */
  readonly url: string
  close(): Promise<void>
}

export interface CommitProxy extends Proxy {
  /**
   * Breaks the connection of the next `commit`: `before` the server gets it, or `after` the server has done it but before the answer
   * arrives.
   */
  breakNext(moment: 'before' | 'after'): void
}

export async function openCommitProxy(url: string): Promise<CommitProxy> {
  let armed: 'before' | 'after' | null = null
  const proxy = await openProxy(url, (client, database, cut) => {
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
  return {
    ...proxy,
    breakNext: (moment) => {
      armed = moment
    },
  }
}

export interface SilentProxy extends Proxy {
  /**
   * Lets the present connections of this application go silent, as a firewall does with idle ones: nothing arrives, and nothing
   * says so. Returns how many.
   */
  silence(application: string): number
}

export async function openSilentProxy(url: string): Promise<SilentProxy> {
  const pairs: { application: string; isSilent: boolean }[] = []
  const proxy = await openProxy(url, (client, database) => {
    const pair = { application: '', isSilent: false }
    pairs.push(pair)
    client.on('data', (chunk) => {
      if (pair.application === '') pair.application = chunk.toString('latin1')
      if (!pair.isSilent) database.write(chunk)
    })
    database.on('data', (chunk) => void (pair.isSilent || client.write(chunk)))
  })
  return {
    ...proxy,
    silence(application) {
      const chosen = pairs.filter((pair) => pair.application.includes(`application_name\0${application}\0`))
      for (const pair of chosen) pair.isSilent = true
      return chosen.length
    },
  }
}

async function openProxy(url: string, join: (client: Socket, database: Socket, cut: () => void) => void): Promise<Proxy> {
  const { host, port } = new pg.Client(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const database = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    const cut = (): void => {
      for (const socket of [client, database]) {
        sockets.delete(socket)
        socket.destroy()
      }
    }
    for (const socket of [client, database]) sockets.add(socket.on('error', cut).on('close', cut))
    join(client, database, cut)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String((server.address() as AddressInfo).port)
  through.searchParams.delete('host')
  return {
    url: through.href,
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
