import { expect, test } from 'vitest'
import { readCredential } from './read-caller.ts'

const read = (authorization?: string) =>
  readCredential(new Request('http://localhost', { headers: authorization === undefined ? {} : { authorization } }))

test.each([
  ['Bearer orr_a', 'orr_a'],
  ['bearer orr_a', 'orr_a'],
  ['Bearer   orr_a  ', 'orr_a'],
])('reads the token of "%s"', (header, token) => {
  expect(read(header)).toBe(token)
})

test.each([undefined, '', 'Bearer', 'Bearerorr_a', 'Bearer a b', 'Basic b3JyZXJ5Og==', 'orr_a'])('finds no credential in %j', (header) => {
  expect(read(header)).toBeNull()
})
