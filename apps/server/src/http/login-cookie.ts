/** The cookie that keeps a browser logged in. */

/** With `__Host-` a browser takes the cookie only over TLS, from this host, for all paths (RFC 6265bis 4.1.3.2). */
export function loginCookieName(overTls: boolean): string {
  return overTls ? '__Host-orrery' : 'orrery'
}

/**
 * The secret of a login that a browser sends by itself. Null: the request has no such cookie, or another site made the browser send it (CSRF): a request that
 * may change something comes from a page of this server, and says so.
 */
export function readLoginCookie(request: Request, name: string): string | null {
  const cookies = request.headers.get('cookie')
  if (cookies === null || !isOwn(request)) return null
  const found = cookies.split(/; */).find((one) => one.startsWith(`${name}=`))
  if (found === undefined) return null
  try {
    return decodeURIComponent(found.slice(name.length + 1)) || null
  } catch {
    // Not a cookie that this server has set.
    return null
  }
}

export function dropLoginCookie(headers: Headers, name: string): void {
  const kept = (headers.get('cookie') ?? '').split(/; */).filter((one) => one !== '' && !one.startsWith(`${name}=`))
  if (kept.length === 0) headers.delete('cookie')
  else headers.set('cookie', kept.join('; '))
}

function isOwn({ method, headers }: Request): boolean {
  const site = headers.get('sec-fetch-site')
  if (site === 'same-origin') return true
  // `none`: the person typed the address. Browsers older than 2023 send nothing.
  if (method === 'GET' || method === 'HEAD') return site === null || site === 'none' || isNavigation(headers)
  const origin = headers.get('origin')
  return site === null && origin !== null && URL.canParse(origin) && new URL(origin).host === headers.get('host')
}

/** A person followed a link from elsewhere: the answer is shown to them, not to the page that had the link. */
function isNavigation(headers: Headers): boolean {
  return headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
}
