import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeIssue, describeMessage } from './describe-issue.ts'

const messagesOf = (shape: z.ZodType, raw: unknown) =>
  shape.safeParse(raw, { error: describeIssue }).error?.issues.map(({ message }) => message)

test.each<[z.ZodType, unknown, string]>([
  [z.object({ name: z.string() }), {}, 'Missing; expected a text'],
  [z.string(), 5, 'Expected a text, got a number'],
  [z.number(), Number.NaN, 'Expected a number, got NaN'],
  [z.number().int(), 1.5, 'Expected a whole number, got a number with a fraction'],
  [z.boolean(), null, 'Expected true or false, got null'],
  [z.array(z.string()), {}, 'Expected a list, got an object'],
  [z.record(z.string(), z.number()), [], 'Expected an object, got a list'],
  [z.enum(['skip', 'allow_all']), 'all', 'Expected one of "skip", "allow_all"'],
  [z.literal('none'), 'all', 'Expected "none"'],
  [z.literal('none'), undefined, 'Missing; expected "none"'],
  [z.string().min(1), '', 'Expected at least 1 character'],
  [z.array(z.string()).max(2), ['', '', ''], 'Expected at most 2 entries'],
  [z.string().length(3), 'ab', 'Expected exactly 3 characters'],
  [z.number().max(200), 201, 'Expected at most 200'],
  [z.number().gt(0), 0, 'Expected more than 0'],
  [z.union([z.string(), z.number()]), [], 'Fits none of the accepted forms'],
  [z.union([z.string(), z.number()]), undefined, 'Missing'],
  [z.string().regex(/^a/, 'Expected an a'), 'b', 'Expected an a'],
])('%# says what is expected in words of people', (shape, raw, message) => {
  expect(messagesOf(shape, raw)).toEqual([message])
})

test('replaces the words that validators of workflows have from zod, and no others', () => {
  expect(describeMessage('Invalid input: expected string, received undefined')).toBe('Missing; expected a text')
  expect(describeMessage('Invalid input: expected int, received number')).toBe('Expected a whole number, got a number with a fraction')
  expect(describeMessage('The town is not known')).toBe('The town is not known')
})
