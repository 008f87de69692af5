import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeIssue, describeMessage } from './describe-issue.ts'
import { expandUnions } from './expand-unions.ts'

const messagesOf = (shape: z.ZodType, raw: unknown) =>
  shape.safeParse(raw, { error: describeIssue }).error?.issues.map(({ message }) => message)

test.each<[z.ZodType, unknown, string]>([
  [z.object({ name: z.string() }), {}, 'Missing; expected a text'],
  [z.string(), 5, 'Expected a text, got a number'],
  [z.number(), Number.NaN, 'Expected a number, got NaN'],
  [z.number().int(), 1.5, 'Expected a whole number, got a number with a fraction'],
  [z.boolean(), null, 'Expected true or false, got null'],
  [z.string(), true, 'Expected a text, got true'],
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
  [
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
    { kind: 'c' },
    'Expected one of "a", "b"',
  ],
  [
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
    {},
    'Missing; expected one of "a", "b"',
  ],
  [z.string().regex(/^a/, 'Expected an a'), 'b', 'Expected an a'],
])('%# says what is expected in words of people', (shape, raw, message) => {
  expect(messagesOf(shape, raw)).toEqual([message])
})

test('replaces the words that validators of workflows have from zod, and no others', () => {
  expect(describeMessage('Invalid input: expected string, received undefined')).toBe('Missing; expected a text')
  expect(describeMessage('Invalid input: expected int, received number')).toBe('Expected a whole number, got a number with a fraction')
  expect(describeMessage('Invalid input')).toBe('Fits none of the accepted forms')
  expect(describeMessage('The town is not known')).toBe('The town is not known')
})

const form = z.union([
  z.string().max(3),
  z.strictObject({ every: z.object({ minutes: z.number() }) }),
  z.strictObject({ at: z.string(), zone: z.string() }),
])

const orNot = z.union([z.literal(false), z.strictObject({ max: z.number() })])
const wait = z.union([
  z.string(),
  z.strictObject({ for: z.string() }),
  z.strictObject({ signal: z.string(), by: z.array(z.string()).optional() }),
])
const orAll = z.union([z.string(), z.literal('all')])

test.each<[z.ZodType, unknown, string, string]>([
  [orNot, true, '', 'Expected false or an object, got true'],
  [orNot, undefined, '', 'Missing; expected false or an object'],
  [orNot, {}, 'max', 'Missing; expected a number'],
  [orAll, 5, '', 'Expected a text or "all", got a number'],
  // Two forms are equally near.
  [wait, {}, '', 'for: Missing; expected a text, or signal: Missing; expected a text'],
  [wait, { signal: 'go', for: '1h' }, '', 'Unknown field signal, or Unknown field for'],
  // zod compares the length of a list with that of a text, too.
  [z.union([z.string().min(1), z.strictObject({})]), [], '', 'Expected a text or an object, got a list'],
])('%# says of a union of values and types what each expects', (shape, raw, path, message) => {
  const issues = expandUnions(shape.safeParse(raw, { error: describeIssue }).error?.issues ?? [])
  expect(issues.map((issue) => [issue.path.join('.'), issue.message])).toEqual([[path, message]])
})

test.each<[unknown, string, string]>([
  [5, '', 'Expected a text or an object, got a number'],
  [undefined, '', 'Missing; expected a text or an object'],
  ['four', '', 'Expected at most 3 characters'],
  [{ every: {} }, 'every.minutes', 'Missing; expected a number'],
  [{ at: 5, zone: 'UTC' }, 'at', 'Expected a text, got a number'],
])('%# says of a union what is wrong with the form that was meant', (raw, path, message) => {
  const issues = expandUnions(form.safeParse(raw, { error: describeIssue }).error?.issues ?? [])
  expect(issues.map((issue) => [issue.path.join('.'), issue.message])).toEqual([[path, message]])
})
