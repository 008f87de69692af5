/** On every answer; a page of ours brings its own policy. */
const HEADERS: readonly (readonly [string, string])[] = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Frame-Options', 'DENY'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
]

export function secureHeaders(headers: Headers, overTls: boolean): void {
  for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value)
  if (overTls) headers.set('Strict-Transport-Security', 'max-age=31536000')
}
