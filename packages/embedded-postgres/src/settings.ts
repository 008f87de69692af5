/**
 * Settings of the server: where it listens, and how much memory it uses. They are passed at every start, so old folders get new settings.
 */
import { createServer } from 'node:net'

export type Settings = Readonly<Record<string, string | number | boolean>>

export type Address =
  | { readonly kind: 'socket'; readonly folder: string; readonly port: number }
  | { readonly kind: 'tcp'; readonly port: number }

const defaults: Settings = {
  max_connections: 200,
  // The operating system provides pages only when they are used: an idle server uses about 25 MB.
  shared_buffers: '128MB',
  // Orrery's statements are short: compiling them would cost more than running them.
  jit: false,
  max_wal_size: '2GB',
  wal_compression: true,
  // The log is for the state of the server. Errors of statements go to the client that sent them; in the log they would be copies of its
  // data.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: false,
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** The path of a Unix socket may have 107 bytes on Linux and 103 on macOS, including the name of PostgreSQL's file. */
const SOCKET_PATH_BYTES_MAX = 103
const SOCKET_PORT = 5432

/**
 * A socket inside the data folder, which only its owner can enter. TCP on the loopback address if a port is requested, if the folder's path
 * is too long for a socket, and on Windows.
 */
export async function chooseAddress(data: string, port: number | undefined): Promise<Address> {
  if (port !== undefined) return { kind: 'tcp', port }
  const path = `${data}/.s.PGSQL.${SOCKET_PORT}`
  if (process.platform !== 'win32' && Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX)
    return { kind: 'socket', folder: data, port: SOCKET_PORT }
  return { kind: 'tcp', port: await findFreePort() }
}

export function serverArguments(address: Address, clusterName: string, own: Settings): string[] {
  const listen: Settings =
    address.kind === 'socket'
      ? // The server's working folder is its data folder: a relative path needs no rights on the folders above.
        { listen_addresses: '', unix_socket_directories: '.', unix_socket_permissions: '0700' }
      : { listen_addresses: '127.0.0.1', unix_socket_directories: '' }
  const all: Settings = { ...defaults, ...own, ...listen, port: address.port, cluster_name: clusterName }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${typeof value === 'boolean' ? (value ? 'on' : 'off') : value}`])
}

/** The socket's folder is percent-encoded in the place of the host: libpq, node-postgres and `new URL` all read it there. */
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
