import { expect, it } from 'vitest'
import { toShownJson } from './shown-json.ts'

const circular: { name: string; self?: unknown } = { name: 'loop' }
circular.self = circular
const twice = { shared: 1 }
const thrower = () => {
  throw new Error('a getter')
}

it.each([
  ['JSON', { a: [1, 'two', null] }, { a: [1, 'two', null] }],
  ['undefined', undefined, null],
  ['a big integer', { n: 12n }, { n: '12' }],
  ['a circular object', circular, { name: 'loop', self: '[circular]' }],
  ['an object in two places', [twice, twice], [{ shared: 1 }, { shared: 1 }]],
  ['an error', { error: new TypeError('bad') }, { error: { name: 'TypeError', message: 'bad', stack: expect.any(String) } }],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['a number that JSON lacks', Number.NaN, null],
  ['a getter that throws', Object.defineProperty({}, 'x', { get: thrower, enumerable: true }), 'a value that cannot be read'],
  ['a toJSON that throws', { toJSON: thrower }, 'a value that cannot be read'],
])('shows %s', (_, value, shown) => {
  expect(toShownJson(value)).toEqual(shown)
})

it('cuts a large value', () => {
  expect(JSON.stringify(toShownJson({ big: 'x'.repeat(3_000_000) })).length).toBeLessThan(65_000)
})
