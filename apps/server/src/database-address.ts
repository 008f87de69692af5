/** What of a connection URL may be told. A socket's folder stands percent-encoded for the host, or in a parameter. */
export function readDatabaseAddress(url: string): { readonly at: string; readonly login: string; readonly name: string } {
  const { hostname, port, username, pathname, searchParams } = new URL(url)
  const host = decodeURIComponent(hostname) || searchParams.get('host') || 'localhost'
  return {
    at: host.startsWith('/') ? host : `${host}:${port || '5432'}`,
    login: decodeURIComponent(username) || 'postgres',
    name: decodeURIComponent(pathname.slice(1)),
  }
}
