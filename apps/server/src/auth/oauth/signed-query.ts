import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** The login that began a request: no other login may answer it. */
const LOGIN = 'orrery_login'

/** @param login a UUID */
export function bindToLogin(query: URLSearchParams, login: string): void {
  query.set(LOGIN, hash('sha256', login, 'base64url'))
}

/**
 * The request of a client that the login library has checked and signed for the page of a decision. Null: it was not signed with this secret,
 * is too old, or belongs to another login. @param now in ms since the epoch
 */
export function readSignedQuery(secret: string, text: string, login: string, now: number): URLSearchParams | null {
  const query = new URLSearchParams(text)
  const given = query.getAll('sig')
  query.delete('sig')
  const order = ([a, b]: [string, string], [c, d]: [string, string]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1)
  const canonical = new URLSearchParams([...query.entries()].sort(order)).toString()
  const own = createHmac('sha256', secret).update(canonical).digest()
  const sent = Buffer.from(given[0] ?? '', 'base64')
  if (given.length !== 1 || sent.length !== own.length || !timingSafeEqual(sent, own)) return null
  const isTimely = Number(query.get('exp')) * 1000 >= now
  return isTimely && query.get(LOGIN) === hash('sha256', login, 'base64url') ? query : null
}
