import { expect, test } from 'vitest'
import { cpuMs } from '../../../../../../tests/support/cpu-ms.ts'
import { parseResponse } from './parse-response.ts'

test('distinguishes continuations, status responses and data', () => {
  expect(parseResponse(['+ continue'])).toEqual({ type: 'continue' })
  expect(parseResponse(['+'])).toEqual({ type: 'continue' })
  expect(parseResponse(['* OK [CAPABILITY IMAP4rev1] ready (now'])).toEqual({ type: 'status', tag: '*', status: 'OK', code: 'CAPABILITY' })
  expect(parseResponse(['A3 no [nonexistent] None'])).toEqual({ type: 'status', tag: 'A3', status: 'NO', code: 'NONEXISTENT' })
  expect(parseResponse(['* NO [ALERT too  much] x'])).toEqual({ type: 'status', tag: '*', status: 'NO', code: 'ALERT' })
  expect(parseResponse(['A4 OK'])).toEqual({ type: 'status', tag: 'A4', status: 'OK', code: null })
  expect(parseResponse(['* SEARCH 2 84 882'])).toEqual({ type: 'data', values: ['SEARCH', '2', '84', '882'] })
})

test('parses atoms, quoted strings, literals, lists and NIL', () => {
  const literal = new TextEncoder().encode('a) "b')
  expect(parseResponse(['* 12 FETCH (FLAGS (\\Seen) X "a \\"b\\" \\\\" Y NIL BODY[]<0> ', literal, ' UID 5 Z ())'])).toEqual({
    type: 'data',
    values: ['12', 'FETCH', ['FLAGS', ['\\Seen'], 'X', 'a "b" \\', 'Y', null, 'BODY[]<0>', literal, 'UID', '5', 'Z', []]],
  })
})

test('rejects malformed and deeply nested responses', () => {
  const nonsense = [['A1 HELLO'], ['* (a'], ['* a)'], [`* ${'('.repeat(10_000)}`], [new Uint8Array(1)], ['']]
  for (const pieces of nonsense) expect(() => parseResponse(pieces)).toThrow(SyntaxError)
})

test('rejects an unclosed quote or bracket without a slow search', () => {
  // The search took minutes and blocked the process.
  const spentMs = cpuMs(() => {
    expect(() => parseResponse([`* X "${'\\"'.repeat(500_000)}`])).toThrow(/unclosed quote/)
    expect(parseResponse([`* OK [${'a'.repeat(500_000)}`])).toEqual({ type: 'status', tag: '*', status: 'OK', code: null })
  })
  expect(spentMs).toBeLessThan(10_000)
})
