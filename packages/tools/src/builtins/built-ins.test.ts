import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '@orrery/contract'
import { expect, test } from 'vitest'
import { automationBuiltIns } from '../../../core/src/automations/built-ins/built-ins.ts'
import { findMismatch } from '../../../kernel/src/json-schema/find-mismatch.ts'
import { listBuiltIns } from './built-ins.ts'

const builtIns = [...listBuiltIns(), ...automationBuiltIns]
const root = join(import.meta.dirname, '../../../..')

test.each(builtIns)('$name says of itself what is needed, and its examples fit', ({ name, inputSchema, outputSchema, ...tool }) => {
  expect(name).toMatch(/^[a-z]+\.[a-z_]+$/)
  expect(tool.description.length).toBeGreaterThan(20)
  expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
  expect(tool.timeoutMs).toBeGreaterThan(0)
  const examples = tool.examples ?? []
  expect(examples.length).toBeGreaterThan(0)
  for (const { with: args, gives } of examples) {
    expect(findMismatch(inputSchema, args as never)).toBeNull()
    expect(findMismatch(inputSchema, { ...args, surprise: 1 } as never)).toMatchObject({ path: '.surprise' })
    if (gives !== undefined) expect(findMismatch(outputSchema ?? {}, gives)).toBeNull()
  }
  for (const one of (inputSchema.required as string[] | undefined) ?? []) {
    const { [one]: _, ...others } = { ...examples[0]?.with }
    expect(findMismatch(inputSchema, others as never)).toEqual({ path: `.${one}`, message: 'is missing' })
  }
})

test('there is one of each name, and the guide knows them all with an example that fits', () => {
  const names = builtIns.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const guide = readFileSync(join(root, 'docs/guides/built-in-tools.md'), 'utf8')
  const steps = [...guide.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
    ([, text = '']) => JSON.parse(text) as { uses: string; with: JsonObject },
  )
  expect(new Set(steps.map(({ uses }) => uses))).toEqual(new Set(names))
  for (const { uses, with: args } of steps) {
    const schema = builtIns.find(({ name }) => name === uses)?.inputSchema ?? {}
    expect([uses, findMismatch(schema, args as never)]).toEqual([uses, null])
  }
  for (const { name, scopes } of builtIns) expect(guide).toContain(`| \`${name}\` | ${scopes.map((scope) => `\`${scope}\``).join(', ')} |`)
})

test('what they are built on is loaded when it is first called, and not before', () => {
  const heavy = /from '(ai|@ai-sdk\/[a-z-]+|nodemailer|postal-mime)'/
  for (const file of globSync('**/*.ts', { cwd: import.meta.dirname }).filter((one) => !/\.(test|fixture)\.ts$/.test(one))) {
    const lines = readFileSync(join(import.meta.dirname, file), 'utf8').split('\n')
    expect(lines.filter((line) => heavy.test(line) && !line.startsWith('import type '))).toEqual([])
  }
})
