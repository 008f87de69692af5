import { expect, test } from 'vitest'
import { fromText, type JsonSchema } from './from-text.ts'

const cases: [string, string[], JsonSchema, unknown][] = [
  ['a number', ['12'], { type: 'integer' }, 12],
  ['a malformed number', ['12x'], { type: 'integer' }, '12x'],
  ['an empty text for a number', [''], { type: 'number' }, ''],
  ['hexadecimal', ['0x10'], { type: 'number' }, '0x10'],
  ['a text that looks like a number', ['12'], { type: 'string' }, '12'],
  ['a boolean', ['true'], { type: 'boolean' }, true],
  ['a malformed boolean', ['1'], { type: 'boolean' }, '1'],
  ['null', ['null'], { anyOf: [{ type: 'integer' }, { type: 'null' }] }, null],
  ['a list of one', ['a'], { type: 'array', items: { type: 'string' } }, ['a']],
  ['a list with a comma in a word', ['a,b', 'c'], { type: 'array', items: { type: 'string' } }, ['a,b', 'c']],
  ['a list of known words', ['a,b'], { type: 'array', items: { type: 'string', enum: ['a', 'b'] } }, ['a', 'b']],
  ['two values for one', ['a', 'b'], { type: 'string' }, ['a', 'b']],
  ['any JSON', ['{"a":1}'], {}, { a: 1 }],
  ['plain text for a field of any JSON', ['hello'], {}, 'hello'],
]
test.each(cases)('reads %s according to the schema', (_, values, schema, expected) => {
  expect(fromText(values, schema)).toEqual(expected)
})
