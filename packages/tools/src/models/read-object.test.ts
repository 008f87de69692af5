import { expect, test } from 'vitest'
import { readObject } from './read-object.ts'

const read = (text: string) => readObject(text, { type: 'object' }, 'stop', {})

test.each([
  '{"a":1}',
  '```json\n{"a":1}\n```',
  'Here you are: ```\n{\n  "a": 1\n}\n  ```\nAnything else? ```\n{}\n```',
  '```json  \r\n{"a":1}\r\n```',
])('an object is found in %j', (text) => {
  expect(read(text)).toEqual({ a: 1 })
})

test.each(['', '```', '```json\n{"a":1}', '{"a":1}\n```', '[1]', '```json\n[1]\n```'])('there is none in %j', (text) => {
  expect(() => read(text)).toThrow(/is no object/)
})

test('a fence that is never closed is given up at once', () => {
  const from = performance.now()
  // It took hours, while nothing else of the process went on.
  expect(() => read(`\`\`\`${'\n'.repeat(200_000)}x`)).toThrow(/is no object/)
  expect(performance.now() - from).toBeLessThan(2_000)
})
