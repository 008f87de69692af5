import { expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { checksHere } from '../port/checks-here.fixture.ts'
import { readObject } from './read-object.ts'

const read = (text: string) => readObject(checksHere, text, { type: 'object' }, 'stop', {})

test.each([
  '{"a":1}',
  '```json\n{"a":1}\n```',
  'Here you are: ```\n{\n  "a": 1\n}\n  ```\nAnything else? ```\n{}\n```',
  '```json  \r\n{"a":1}\r\n```',
])('finds the object in %j', async (text) => {
  expect(await read(text)).toEqual({ a: 1 })
})

test.each(['', '```', '```json\n{"a":1}', '{"a":1}\n```', '[1]', '```json\n[1]\n```'])('finds no object in %j', async (text) => {
  await expect(read(text)).rejects.toThrow(/is not an object/)
})

test('rejects an unclosed fence without a slow search', async () => {
  // One regular expression over the whole text took hours and blocked the process.
  const text = `\`\`\`${'\n'.repeat(200_000)}x`
  expect(cpuMs(() => void read(text).catch(() => null))).toBeLessThan(10_000)
  await expect(read(text)).rejects.toThrow(/is not an object/)
})
