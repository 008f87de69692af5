import type { JsonObject } from '@orrery/contract'
import { expect, test } from 'vitest'
import { findSchemaFault } from './compile-schema.ts'
import { describeMismatch, findMismatch } from './find-mismatch.ts'

const order: JsonObject = {
  type: 'object',
  properties: {
    recipients: { type: 'array', items: { type: 'string', format: 'email' }, minItems: 1 },
    priority: { enum: ['low', 'high'] },
    'odd name': { type: 'integer', maximum: 3 },
  },
  required: ['recipients'],
  additionalProperties: false,
}

test('reports the path of the first place that does not match', () => {
  const mismatchOf = (value: JsonObject) => {
    const mismatch = findMismatch(order, value as never)
    return mismatch === null ? null : describeMismatch('The arguments of mail', mismatch)
  }
  expect(mismatchOf({ recipients: ['ada@example.com'] })).toBeNull()
  expect(mismatchOf({})).toBe('The arguments of mail: recipients is missing')
  expect(mismatchOf({ recipients: ['ada@example.com', 'eve'] })).toBe('The arguments of mail: recipients[1] must match format "email"')
  expect(mismatchOf({ recipients: [] })).toMatch(/recipients must NOT have fewer than 1 items/)
  expect(mismatchOf({ recipients: ['a@b.example'], priority: 'mid' })).toBe('The arguments of mail: priority must be one of ["low","high"]')
  expect(mismatchOf({ recipients: ['a@b.example'], cc: 1 })).toBe('The arguments of mail: cc is not allowed here')
  expect(mismatchOf({ recipients: ['a@b.example'], 'odd name': 4 })).toBe('The arguments of mail: ["odd name"] must be <= 3')
})

test('supports draft-07 and 2020-12, and treats unknown keywords, formats and dialects as annotations', () => {
  const seven = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'array', items: [{ type: 'string' }], additionalItems: false }
  expect(findMismatch(seven as never, ['a'])).toBeNull()
  expect(findMismatch(seven as never, ['a', 1])).not.toBeNull()
  const now = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }], items: false }
  expect(findMismatch(now as never, ['a', 1])).not.toBeNull()
  expect(findMismatch({ type: 'integer', format: 'int128', 'x-of-ours': 1, unit: 'mm' }, 3)).toBeNull()
  expect(findMismatch({ $schema: 'https://example.com/my-dialect', type: 'string' }, 1)).toMatchObject({ message: 'must be string' })
})

test('follows references within the schema, also recursive ones, and rejects all others', () => {
  const tree = {
    $ref: '#/$defs/node',
    $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, additionalProperties: false } },
  }
  expect(findMismatch(tree as never, { next: { next: {} } })).toBeNull()
  expect(findMismatch(tree as never, { next: { nxt: {} } })?.path).toBe('.next.nxt')
  expect(findSchemaFault({ $ref: 'https://example.com/schema.json' })).toMatch(/can't resolve reference/)
  expect(findSchemaFault({ $ref: '#/$defs/none' })).toMatch(/can't resolve reference/)
})

test('a schema that refers to itself without end matches nothing', () => {
  expect(findMismatch({ $ref: '#' }, 1)).not.toBeNull()
})

test('reports a fault for a schema that cannot be used', () => {
  let deep: JsonObject = {}
  for (let level = 0; level < 80; level += 1) deep = { properties: { a: deep } } as never
  const wrong: JsonObject[] = [
    { type: 'strin' },
    { type: 'object', properties: [] },
    { pattern: '(' },
    { $async: true },
    { properties: { a: { $async: true } } },
    { description: 'x'.repeat(300_000) },
    deep,
  ]
  for (const schema of wrong) expect(findSchemaFault(schema), JSON.stringify(schema).slice(0, 60)).not.toBeNull()
  expect(findSchemaFault(order)).toBeNull()
})

test('treats `constructor` and `__proto__` like any other member name', () => {
  const schema: JsonObject = { type: 'object', required: ['constructor'], properties: { constructor: { type: 'string' } } }
  expect(findMismatch(schema, {})).toMatchObject({ path: '.constructor' })
  const text = '{"__proto__": {"polluted": true}}'
  expect(findMismatch({ type: 'object', additionalProperties: false }, JSON.parse(text))).not.toBeNull()
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})
