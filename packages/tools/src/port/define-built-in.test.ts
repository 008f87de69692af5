import { json } from '@orrery/contract'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { findMismatch } from '../../../kernel/src/json-schema/find-mismatch.ts'
import { defineBuiltIn, formatted, letters, toJsonSchema } from './define-built-in.ts'
import type { ToolContext } from './tool-port.ts'

const echo = defineBuiltIn({
  name: 'test.echo',
  description: 'Returns its arguments',
  args: z.strictObject({ text: letters(3, 2), count: z.int().min(1).default(5) }),
  output: z.strictObject({ args: z.strictObject({ text: z.string(), count: z.int() }) }),
  scopes: [],
  costTier: 'free',
  timeoutMs: 1_000,
  call: async (args) => ({ output: { args } }),
})
const context = {} as ToolContext

test('calls a built-in tool with defaults filled in', async () => {
  expect(await echo.call({ text: 'abc' }, context)).toEqual({ output: { args: { text: 'abc', count: 5 } } })
  expect(echo.inputSchema).toEqual({
    type: 'object',
    properties: { text: { type: 'string', minLength: 2, maxLength: 3 }, count: { type: 'integer', minimum: 1, default: 5 } },
    required: ['text'],
    additionalProperties: false,
  })
})

test('rejects arguments that do not match the shape before the tool is called', async () => {
  await expect(echo.call({ text: 'abc', count: 0 }, context)).rejects.toMatchObject({ name: 'InvalidArguments', isRetryable: false })
})

test.each([
  ['ab', true],
  ['abc', true],
  ['a', false],
  ['abcd', false],
  ['🙂🙂🙂', true],
  ['🙂', false],
  ['🙂🙂🙂🙂', false],
])('counts the same characters of %j in the shape and in its JSON Schema', async (text, fits) => {
  const isCalled = echo.call({ text }, context).then(
    () => true,
    () => false,
  )
  expect([findMismatch(echo.inputSchema, { text }) === null, await isCalled]).toEqual([fits, fits])
})

test('leaves redundant keywords out of JSON Schemas', () => {
  const shape = z.strictObject({ id: z.int(), at: formatted('date-time').nullable(), params: z.record(z.string(), json) })
  expect(toJsonSchema(shape)).toEqual({
    type: 'object',
    properties: { id: { type: 'integer' }, at: { type: ['string', 'null'], format: 'date-time' }, params: { type: 'object' } },
    required: ['id', 'at', 'params'],
    additionalProperties: false,
  })
})
