/** The parts of a connection URL that may be shown. A socket's folder is given percent-encoded as the host, or in the parameter `host`. */
export function readDatabaseAddress(url: string): { readonly at: string; readonly login: string; readonly name: string } {
  const { hostname, port, username, pathname, searchParams } = new URL(url)
  const host = decodeURIComponent(hostname) || searchParams.get('host') || 'localhost'
  return {
    at: host.startsWith('/') ? host : `${host}:${port || '5432'}`,
    login: decodeURIComponent(username) || 'postgres',
    name: decodeURIComponent(pathname.slice(1)),
  }
}
