/** Goal: whatever user code throws becomes a failure of bounded size, with its causes, and back. */
import { describe, expect, it } from 'vitest'
import { fromFailure, NonRetryableError, toFailure } from './errors.ts'

const thrower = () => {
  throw new Error('a getter')
}

const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['a getter of the message throws', Object.defineProperty(new Error(), 'message', { get: thrower })],
  [
    'every trap of a proxy throws',
    new Proxy(new Error('x'), { get: thrower, has: thrower, ownKeys: thrower, getOwnPropertyDescriptor: thrower }),
  ],
  ['a revoked proxy', revoked()],
  ['toString throws', { toString: thrower, toJSON: thrower }],
  ['a symbol', Symbol('s')],
  ['a function', () => 1],
  ['undefined', undefined],
  ['a bigint', 7n],
  ['an object without a prototype', Object.create(null)],
  ['a name that is an object', Object.assign(new Error('x'), { name: { toString: thrower } })],
]

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('toFailure', () => {
  it.each(HOSTILE)('reads %s', (_, thrown) => {
    const failure = toFailure(thrown)
    expect(failure).toMatchObject({ name: expect.any(String), message: expect.any(String), kind: 'error' })
    expect(JSON.parse(JSON.stringify(failure))).toEqual(failure)
  })

  it('keeps causes and the errors of an AggregateError', () => {
    const error = new AggregateError([new Error('one'), new TypeError('two')], 'all failed', {
      cause: new Error('outer', { cause: 'text' }),
    })
    expect(toFailure(error)).toMatchObject({
      name: 'AggregateError',
      cause: { message: 'outer', cause: { message: 'text' } },
      errors: [{ message: 'one' }, { name: 'TypeError', message: 'two' }],
    })
  })

  it('bounds message, stack, details, causes and errors', () => {
    const big = 'x'.repeat(3_000_000)
    const error = Object.assign(new NonRetryableError(big, { details: { big } }), { stack: `Error\n${big}` })
    expect(JSON.stringify(toFailure(error)).length).toBeLessThan(20_000)
    const many = new AggregateError(
      Array.from({ length: 1000 }, () => error),
      big,
    )
    expect(JSON.stringify(toFailure(many)).length).toBeLessThan(250_000)
    const loop = new Error('loop')
    loop.cause = loop
    expect(JSON.stringify(toFailure(loop)).match(/loop/g)?.length).toBeLessThan(50)
    const knot = new AggregateError([], 'knot')
    knot.errors = Array.from({ length: 10 }, () => knot)
    expect(JSON.stringify(toFailure(knot)).match(/"message":"knot"/g)).toHaveLength(50)
  })

  it('returns through fromFailure', () => {
    const error = new AggregateError([new RangeError('one')], 'all failed', { cause: new TypeError('why') })
    const back = fromFailure(toFailure(error)) as AggregateError
    expect(back).toMatchObject({ name: 'AggregateError', message: 'all failed' })
    expect(back.cause).toMatchObject({ name: 'TypeError', message: 'why' })
    expect(back.errors).toMatchObject([{ name: 'RangeError', message: 'one' }])
    expect(toFailure(back)).toMatchObject({ cause: { message: 'why' }, errors: [{ message: 'one' }] })
  })
})
