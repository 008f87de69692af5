/** The cookie that keeps a browser logged in. */

/** With `__Host-` a browser takes the cookie only over TLS, from this host, for all paths (RFC 6265bis 4.1.3.2). */
export function loginCookieName(overTls: boolean): string {
  return overTls ? '__Host-orrery' : 'orrery'
}

/**
 * The secret of a login that a browser sends by itself. Null: the request has no such cookie or several, or another site made the browser send it
 * (CSRF): a request that may change something comes from a page of this server, and says so.
 */
export function readLoginCookie(request: Request, name: string): string | null {
  if (!isOwn(request)) return null
  const [value, ...others] = readCookies(request.headers).flatMap(([key, text]) => (key === name ? [text] : []))
  if (value === undefined || others.length > 0) return null
  try {
    return decodeURIComponent(value) || null
  } catch {
    // Not a cookie that this server has set.
    return null
  }
}

/** Cookies of the login library besides that of a login: their names begin with this. */
const LIBRARY = /^orrery\.[\w.-]+$/

/**
 * Writes the header again, with the cookies of the library and that of the login. The library reads cookies in its own way, so none reaches it as it was
 * sent: what this server takes for no login must not be one there.
 * @param login its secret; null: none that counts
 */
export function writeCookies(headers: Headers, name: string, login: string | null): void {
  const kept = readCookies(headers).filter(([key, value]) => LIBRARY.test(key) && /^[\w%.~+/=-]*$/.test(value))
  const own: [string, string][] = login === null ? [] : [[name, encodeURIComponent(login)]]
  const cookies = [...kept, ...own].map(([key, value]) => `${key}=${value}`)
  if (cookies.length === 0) headers.delete('cookie')
  else headers.set('cookie', cookies.join('; '))
}

function readCookies(headers: Headers): [name: string, value: string][] {
  return (headers.get('cookie') ?? '').split(';').map((one) => {
    const at = one.indexOf('=')
    return at < 0 ? ['', one.trim()] : [one.slice(0, at).trim(), one.slice(at + 1).trim()]
  })
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
