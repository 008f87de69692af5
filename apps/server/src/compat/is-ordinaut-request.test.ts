import { expect, test } from 'vitest'
import { isOrdinautRequest } from './is-ordinaut-request.ts'

const tokenWith = (payload: unknown) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'EdDSA' })}.${part(payload)}.c2ln`
}
const request = (accept?: string) => new Request('http://localhost/api/v1/runs', accept === undefined ? {} : { headers: { accept } })

test('recognizes a token issued by /auth/token, and the media type', () => {
  expect(isOrdinautRequest(request(), tokenWith({ contract: 'ordinaut' }))).toBe(true)
  expect(isOrdinautRequest(request('application/vnd.ordinaut+json'), 'orr_x')).toBe(true)
})

test('does not recognize keys, our own tokens and malformed tokens', () => {
  const others = [
    null,
    '',
    'orr_abcdefgh_x',
    tokenWith({ contract: 'dacf' }),
    tokenWith({}),
    tokenWith(null),
    tokenWith([]),
    'eyJ.eyJ.x',
    'eyJhIjox.eyJhIjox.x',
  ]
  for (const token of others) expect(isOrdinautRequest(request('application/json'), token), String(token)).toBe(false)
})
