import { describe, expect, it } from 'vitest'
import { toJson, toJsonText } from './json.ts'

const circular: { self?: object } = {}
circular.self = circular
const deep = () => {
  let value: unknown = 1
  for (let level = 0; level < 100_000; level++) value = [value]
  return value
}
const throwing = () => {
  throw new Error('no')
}

describe('a value that JSON cannot carry', () => {
  it.each([
    ['a bigint', 1n, 'it is a bigint'],
    ['a bigint in a list', { items: [1, 2, 3, { id: 1n }] }, 'items[3].id is a bigint'],
    ['a bigint under an odd name', { 'odd name': { '0': 1n } }, '["odd name"].0 is a bigint'],
    ['a number that is not one', { a: null, b: [Number.NaN] }, 'b[0] is NaN'],
    ['a number without end', -1 / 0, 'it is -Infinity'],
    ['a circular reference', { a: [circular] }, 'a[0].self is a circular reference'],
    ['a getter that throws', { a: Object.defineProperty({}, 'b', { get: throwing, enumerable: true }) }, 'a.b cannot be read: no'],
    ['a toJSON that throws', [{ toJSON: throwing }], '[0] cannot be read: no'],
    ['one that is nested too deeply', deep(), 'Maximum call stack size exceeded'],
    ['a Proxy', { a: new Proxy({}, { ownKeys: throwing }) }, 'no'],
  ])('is refused with its place: %s', (_, value, message) => {
    expect(() => toJson(value, 'output of charge')).toThrow(TypeError)
    expect(() => toJsonText(value, 'output of charge')).toThrow(`the output of charge cannot be written as JSON: ${message}`)
  })
})

it('writes what JSON.stringify writes, and null for what it leaves out', () => {
  for (const value of [{ a: [new Date(0), new Date(Number.NaN)], b: undefined, c: [undefined, null] }, undefined, () => 1, 'x', null])
    expect(toJsonText(value, 'x')).toBe(JSON.stringify(value) ?? 'null')
})
