import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileTopic, type TopicPattern } from './compile-topic.ts'
import { numRuns, seed } from './planning.fixture.ts'

function pattern(text: string): TopicPattern {
  const parsed = compileTopic(text)
  if (!parsed.ok) throw new Error(parsed.problem.message)
  return parsed.value
}

describe('topic patterns', () => {
  test.each([
    ['orders.created', 'orders.created', true],
    ['orders.created', 'orders.createdx', false],
    ['orders.created', 'Orders.created', false],
    ['orders.*', 'orders.created', true],
    ['orders.*', 'orders', false],
    ['orders.*', 'orders.', false],
    ['orders.*', 'orders.eu.created', false],
    ['orders.*.created', 'orders.eu.created', true],
    ['*.created', 'orders.created', true],
    ['orders.>', 'orders.created', true],
    ['orders.>', 'orders.eu.west.created', true],
    ['orders.>', 'orders', false],
    ['orders.>', 'orders.a..b', false],
    ['>', 'anything', true],
    ['>', '', false],
    ['*', 'one', true],
    ['*', 'one.two', false],
    ['a.b+c', 'a.bbc', false],
  ])('matches pattern %s and topic %s: %s', (text, topic, expected) => {
    expect(pattern(text).matches(topic)).toBe(expected)
  })

  test.each([
    ['', 0, 'a word is missing'],
    ['a..b', 2, 'a word is missing'],
    ['a.', 2, 'a word is missing'],
    ['a.>.b', 2, '> is only allowed at the end'],
    ['or*.b', 0, 'a wildcard must be a whole word'],
    ['a.b>', 2, 'a wildcard must be a whole word'],
    ['a.**', 2, 'a wildcard must be a whole word'],
    ['a.b c', 2, 'no white space or control characters'],
    ['x'.repeat(129), 128, 'longer than 128 characters'],
  ])('rejects %j with the position and the reason', (text, position, message) => {
    expect(compileTopic(text)).toEqual({ ok: false, problem: { position, message } })
  })

  test(`matches the same topics as an equivalent regular expression, and never excludes a match by the prefix (seed ${seed})`, () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'ab', '*'), { minLength: 1, maxLength: 4 })
    const topics = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 5 })
    const property = fc.property(words, fc.boolean(), topics, (list, isOpen, topicWords) => {
      const topic = topicWords.join('.')
      const compiled = pattern([...list, ...(isOpen ? ['>'] : [])].join('.'))
      const source = list.map((word) => (word === '*' ? '[^.]+' : word)).join('\\.') + (isOpen ? '(?:\\.[^.]+)+' : '')
      const expected = new RegExp(`^${source}$`).test(topic)
      expect(compiled.matches(topic)).toBe(expected)
      if (expected) expect(topic.startsWith(compiled.prefix)).toBe(true)
    })
    fc.assert(property, { seed, numRuns })
  })
})
