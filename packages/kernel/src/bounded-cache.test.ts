import { expect, test } from 'vitest'
import { boundedCache } from './bounded-cache.ts'

test('a cache drops the least recently used entry when it holds too many', () => {
  const cache = boundedCache<number>({ entriesMax: 2 })
  cache.set('a', 1)
  cache.set('b', 2)
  cache.get('a')
  cache.set('c', 3)
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3])
})

test('a cache drops the least recently used entries until the total size fits, and keeps the newest whatever its size', () => {
  const cache = boundedCache<string>({ entriesMax: 10, sizeMax: 100 })
  const kept = (...keys: string[]) => keys.filter((key) => cache.get(key) !== undefined)
  cache.set('a', 'a', 60)
  cache.set('b', 'b', 40)
  cache.set('b', 'b', 40)
  expect(kept('a', 'b')).toEqual(['a', 'b'])
  cache.set('c', 'c', 50)
  expect(kept('a', 'b', 'c')).toEqual(['b', 'c'])
  cache.set('too large', '', 101)
  expect(kept('b', 'c', 'too large')).toEqual(['too large'])
  cache.set('d', 'd', 100)
  expect(kept('too large', 'd')).toEqual(['d'])
})

test('a cache no longer counts the size of deleted entries', () => {
  const cache = boundedCache<string>({ entriesMax: 10, sizeMax: 100 })
  cache.set('a', 'a', 100)
  cache.delete('a')
  cache.set('b', 'b', 60)
  cache.set('c', 'c', 40)
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([undefined, 'b', 'c'])
  cache.clear()
  cache.set('d', 'd', 100)
  expect(['b', 'c', 'd'].map((key) => cache.get(key))).toEqual([undefined, undefined, 'd'])
})
