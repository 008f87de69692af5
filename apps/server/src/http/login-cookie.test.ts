import { describe, expect, it } from 'vitest'
import { loginCookieName, readLoginCookie, writeCookies } from './login-cookie.ts'

const NAME = loginCookieName(true)

function read(method: string, headers: Record<string, string>): string | null {
  const request = new Request('https://orrery.example/api/v1/runs', { method })
  // A request of fetch may not set these headers; one that a server receives has them.
  Object.defineProperty(request, 'headers', { value: new Headers({ cookie: `${NAME}=a%2Bb.c`, host: 'orrery.example', ...headers }) })
  return readLoginCookie(request, NAME)
}

describe('the cookie of a login', () => {
  it.each([
    ['a page of this server', 'POST', { 'sec-fetch-site': 'same-origin' }],
    ['a page of this server in an older browser', 'POST', { origin: 'https://orrery.example' }],
    ['an address that a person typed', 'GET', { 'sec-fetch-site': 'none' }],
    ['a link on another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
    ['an older browser', 'GET', {}],
  ])('is read with %s', (_, method, headers) => {
    expect(read(method, headers)).toBe('a+b.c')
  })

  it.each([
    ['a form of another site', 'POST', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a form of another host of the domain', 'POST', { 'sec-fetch-site': 'same-site', origin: 'https://other.orrery.example' }],
    ['a form of another site in an older browser', 'POST', { origin: 'https://evil.example' }],
    ['a form without an origin', 'POST', {}],
    ['an origin that is hidden', 'POST', { origin: 'null' }],
    ['a script of another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['an image of another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame of another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
    ['a navigation that posts', 'POST', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
  ])('counts for nothing with %s', (_, method, headers) => {
    expect(read(method, headers)).toBeNull()
  })

  it.each([
    ['another name', 'orrery=a.b'],
    ['a name that ends like it', `x${NAME}=a.b`],
    ['no value', `${NAME}=`],
    ['a value that is not text', `${NAME}=%ff`],
  ])('is not taken from %s', (_, cookie) => {
    expect(read('GET', { 'sec-fetch-site': 'same-origin', cookie })).toBeNull()
  })

  it('has a name over TLS that no other host of the domain can set', () => {
    expect([loginCookieName(true), loginCookieName(false)]).toEqual(['__Host-orrery', 'orrery'])
  })

  it.each([
    ['twice', `${NAME}=a.b; ${NAME}=c.d`],
    ['twice, once with a space', `${NAME}=a.b; ${NAME} =c.d`],
    ['twice, once after a tab', `x=1;\t${NAME}=a.b; ${NAME}=c.d`],
  ])('counts for nothing when it is sent %s', (_, cookie) => {
    expect(read('GET', { 'sec-fetch-site': 'same-origin', cookie })).toBeNull()
  })

  it.each([
    ['with a space', `${NAME} =stolen`],
    ['after a tab', `a=b;\t${NAME}=stolen`],
    ['in quotes', `${NAME}="stolen"`],
    ['in the value of another', `orrery.state="; ${NAME}=stolen"`],
    ['twice', `${NAME}=one; ${NAME}=stolen`],
  ])('does not reach the login library when it does not count, however it is written: %s', (_, cookie) => {
    const headers = new Headers({ cookie: `${cookie}; orrery.state=kept; other=1` })
    writeCookies(headers, NAME, null)
    expect(headers.get('cookie')).toBe('orrery.state=kept')
    writeCookies(headers, NAME, 'own+.')
    expect(headers.get('cookie')).toBe(`orrery.state=kept; ${NAME}=own%2B.`)
  })
})
