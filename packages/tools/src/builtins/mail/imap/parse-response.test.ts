import { expect, test } from 'vitest'
import { parseResponse } from './parse-response.ts'

test('responses are told apart', () => {
  expect(parseResponse(['+ go on'])).toEqual({ type: 'continue' })
  expect(parseResponse(['+'])).toEqual({ type: 'continue' })
  expect(parseResponse(['* OK [CAPABILITY IMAP4rev1] ready (now'])).toEqual({ type: 'status', tag: '*', status: 'OK', code: 'CAPABILITY' })
  expect(parseResponse(['A3 no [nonexistent] None'])).toEqual({ type: 'status', tag: 'A3', status: 'NO', code: 'NONEXISTENT' })
  expect(parseResponse(['* NO [ALERT too  much] x'])).toEqual({ type: 'status', tag: '*', status: 'NO', code: 'ALERT' })
  expect(parseResponse(['A4 OK'])).toEqual({ type: 'status', tag: 'A4', status: 'OK', code: null })
  expect(parseResponse(['* SEARCH 2 84 882'])).toEqual({ type: 'data', values: ['SEARCH', '2', '84', '882'] })
})

test('data holds atoms, quoted texts, literals, lists and NIL', () => {
  const literal = new TextEncoder().encode('a) "b')
  expect(parseResponse(['* 12 FETCH (FLAGS (\\Seen) X "a \\"b\\" \\\\" Y NIL BODY[]<0> ', literal, ' UID 5 Z ())'])).toEqual({
    type: 'data',
    values: ['12', 'FETCH', ['FLAGS', ['\\Seen'], 'X', 'a "b" \\', 'Y', null, 'BODY[]<0>', literal, 'UID', '5', 'Z', []]],
  })
})

test('nonsense is an error, and so is what never ends', () => {
  const nonsense = [['A1 HELLO'], ['* (a'], ['* a)'], [`* ${'('.repeat(10_000)}`], [new Uint8Array(1)], ['']]
  for (const pieces of nonsense) expect(() => parseResponse(pieces)).toThrow(SyntaxError)
})

test('a line that never closes what it opened is given up at once', () => {
  const from = performance.now()
  // It took minutes, while nothing else of the process went on.
  expect(() => parseResponse([`* X "${'\\"'.repeat(500_000)}`])).toThrow(/quote without an end/)
  expect(parseResponse([`* OK [${'a'.repeat(500_000)}`])).toEqual({ type: 'status', tag: '*', status: 'OK', code: null })
  expect(performance.now() - from).toBeLessThan(2_000)
})
