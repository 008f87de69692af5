/** How the server is told to listen and to spend memory. Given on its command line at every start, so an old folder gets them too. */
import { createServer } from 'node:net'

export type Settings = Readonly<Record<string, string | number | boolean>>

export type Address =
  | { readonly kind: 'socket'; readonly folder: string; readonly port: number }
  | { readonly kind: 'tcp'; readonly port: number }

const defaults: Settings = {
  max_connections: 200,
  // Pages are only taken from the machine when they are used: an idle server stays near 25 MB.
  shared_buffers: '128MB',
  // Our statements are short: compiling them costs more than running them.
  jit: false,
  max_wal_size: '2GB',
  wal_compression: true,
  // The log is for the server's own state. Errors of statements go to the client that sent them; here they would be copies of its data.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: false,
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** A path of a Unix socket may have 107 bytes on Linux, 103 on macOS; the name of PostgreSQL's file takes its part. */
const socketPathBytesMax = 103
const socketPort = 5432

/**
 * A socket inside the data folder, which only its owner can enter; TCP on the loopback where a port is asked for, where the
 * folder's path is too long for a socket, and on Windows.
 */
export async function chooseAddress(data: string, port: number | undefined): Promise<Address> {
  if (port !== undefined) return { kind: 'tcp', port }
  const path = `${data}/.s.PGSQL.${socketPort}`
  if (process.platform !== 'win32' && Buffer.byteLength(path) <= socketPathBytesMax)
    return { kind: 'socket', folder: data, port: socketPort }
  return { kind: 'tcp', port: await findFreePort() }
}

export function serverArguments(address: Address, clusterName: string, own: Settings): string[] {
  const listen: Settings =
    address.kind === 'socket'
      ? // The server's working folder is its data folder: a relative name needs no right on the folders above.
        { listen_addresses: '', unix_socket_directories: '.', unix_socket_permissions: '0700' }
      : { listen_addresses: '127.0.0.1', unix_socket_directories: '' }
  const all: Settings = { ...defaults, ...own, ...listen, port: address.port, cluster_name: clusterName }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${typeof value === 'boolean' ? (value ? 'on' : 'off') : value}`])
}

/** `host` stands percent-encoded where a URL has its host: both libpq and node-postgres read it there, and `new URL` too. */
export function connectionUrl(address: Address, role: string, password: string, database: string): string {
  const host = address.kind === 'socket' ? encodeURIComponent(address.folder) : '127.0.0.1'
  return `postgres://${role}:${password}@${host}:${address.port}/${database}`
}

function findFreePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => settle(port))
    })
  })
}
