/** The list of tools fits into the context window of a model, and leaves out nothing that a model needs for a call. */
import { listOperations } from '@orrery/contract'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { findMismatch } from '../../../../packages/kernel/src/json-schema/find-mismatch.ts'
import { describeTools, exposedOperations } from './tools.ts'

const LETTERS_MAX = 60_000

const operations = [...exposedOperations(listOperations()).values()]
const tools = describeTools(operations)
const schemaOf = (name: string) => tools.find((tool) => tool.name === name)?.inputSchema as never

test('lists all tools in fewer than 60,000 characters', () => {
  expect(tools.length).toBeGreaterThanOrEqual(44)
  expect(JSON.stringify({ tools }).length).toBeLessThan(LETTERS_MAX)
})

/** What a model reads in a schema: names of fields, types, choices, constants, defaults and descriptions. */
function wordsOf(schema: unknown, words = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const one of schema) wordsOf(one, words)
  else if (typeof schema === 'object' && schema !== null) {
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties') for (const name of Object.keys(value)) words.add(`field ${name}`)
      if (['enum', 'examples', 'required', 'type'].includes(key)) for (const one of [value].flat()) words.add(`${key} ${one}`)
      else if (['const', 'default', 'format', 'maxLength', 'maxItems', 'minItems'].includes(key)) words.add(`${key} ${value}`)
      else if (key === 'description') for (const sentence of String(value).split(/(?<=\.) /)) words.add(sentence)
      if (key !== 'propertyNames') wordsOf(value, words)
    }
  }
  return words
}

test.each(operations)('says all that a model needs of $mcp.tool', (operation) => {
  const tool = tools.find(({ name }) => name === operation.mcp.tool)
  const given = wordsOf(tool?.inputSchema)
  for (const place of [...given].flatMap((word) => /^As in (\w+)\.$/.exec(word)?.[1] ?? []))
    wordsOf(tools.find(({ name }) => name === place)?.inputSchema, given)
  const needed = wordsOf(z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' }))
  // A field of one choice has a constant, and names its type by it.
  expect([...needed].filter((word) => !given.has(word) && !/^type (string|boolean|null)$/.test(word))).toEqual([])
})

test('describes a part in full in the first tool of the list, whichever tools the key may see', () => {
  const [preview, update] = ['automation_preview', 'automation_update'].map((name) => operations.filter(({ mcp }) => mcp.tool === name)[0])
  const some = describeTools([preview, update].flatMap((one) => one ?? []))
  expect(JSON.stringify(some[0])).not.toContain('As in')
  expect(JSON.stringify(some[1])).toContain('As in automation_preview.')
})

test('lists schemas that take what the operations take, nulls included', () => {
  const pipeline = [{ id: 'a', uses: 'time.now', on_error: { steps: [{ id: 'b', wait: '2h' }] } }]
  const triggers = [{ type: 'schedule', schedule: { include: [{ kind: 'cron', cron: '0 9 * * *' }] }, catchUpWindow: '1d' }]
  const good = { name: 'daily', triggers, pipeline, timeout: '1h', overlap: 'skip', retry: false }
  expect(findMismatch(schemaOf('automation_create'), good as never)).toBeNull()
  const change = { automation: 'daily', ...good, overlap: null, timeout: null, pipeline: null, tags: null }
  expect(findMismatch(schemaOf('automation_update'), change as never)).toBeNull()
  expect(findMismatch(schemaOf('automation_create'), { overlap: 'never' })).not.toBeNull()
  expect(findMismatch(schemaOf('automation_create'), { pipeline: [{ id: 'a', on_error: { steps: [{ uses: 'x' }] } }] })).not.toBeNull()
  expect(findMismatch(schemaOf('run_get'), { runId: 'key_1' })).not.toBeNull()
})
