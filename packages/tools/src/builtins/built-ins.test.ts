/** Checks of every built-in tool, including those that other packages add. A new tool needs no line here, only its line in the table. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isObject, type JsonObject } from '@orrery/contract'
import { describe, expect, it, test } from 'vitest'
import { automationBuiltIns } from '../../../core/src/automations/built-ins/built-ins.ts'
import { findMismatch } from '../../../kernel/src/json-schema/find-mismatch.ts'
import { addBuiltIns, builtInsBySubject, findBuiltIn, listBuiltIns } from './built-ins.ts'

const builtIns = [...listBuiltIns(), ...automationBuiltIns]
const root = join(import.meta.dirname, '../../../..')

describe.each(builtIns)('$name', ({ name, inputSchema, outputSchema = {}, ...tool }) => {
  const examples = tool.examples ?? []

  it('has a name, a description, a time limit and an example', () => {
    expect(name).toMatch(/^[a-z]+\.[a-z_]+$/)
    expect(tool.description.length).toBeGreaterThan(20)
    expect(tool.timeoutMs).toBeGreaterThan(0)
    expect(examples.length).toBeGreaterThan(0)
  })

  it('accepts its examples', () => {
    for (const { with: args, gives } of examples) {
      expect(findMismatch(inputSchema, args)).toBeNull()
      if (gives !== undefined) expect(findMismatch(outputSchema, gives)).toBeNull()
    }
  })

  it('reports an unknown argument and a missing argument by name', () => {
    const [{ with: args } = { with: {} }] = examples
    expect(findMismatch(inputSchema, { ...args, surprise: 1 })).toEqual({ path: '.surprise', message: 'is not allowed here' })
    for (const one of listOf(inputSchema.required)) {
      const { [one]: _, ...others } = args
      expect(findMismatch(inputSchema, others)).toEqual({ path: `.${one}`, message: 'is missing' })
    }
  })

  it('declares an output in which every property is required and no other is allowed', () => {
    expect(outputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(listOf(outputSchema.required).sort()).toEqual(
      Object.keys(isObject(outputSchema.properties) ? outputSchema.properties : {}).sort(),
    )
  })
})

const listOf = (names: JsonObject[string] | undefined): string[] => (Array.isArray(names) ? names.map(String) : [])

test('has each built-in tool in the table, in a file with its name in the folder of its subject', () => {
  const files = globSync('*/*.ts', { cwd: import.meta.dirname }).filter((file) =>
    /^export const \w+(: BuiltIn)? = (?:defineBuiltIn|create\w+)\(/m.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
  )
  const listed = Object.entries(builtInsBySubject).flatMap(([subject, tools]) =>
    tools.map(({ name }) => `${subject}/${name.replaceAll(/[._]/g, '-')}.ts`),
  )
  expect(files.map((file) => `${dirname(file)}/${basename(file)}`).sort()).toEqual(listed.sort())
})

test('rejects a second tool with the same name', () => {
  const names = builtIns.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const [first] = listBuiltIns()
  if (first === undefined) throw new Error('There are no built-in tools')
  expect(() => addBuiltIns([{ ...first }])).toThrow(`There are two built-in tools ${first.name}`)
  expect(findBuiltIn(first.name)).toBe(first)
})

test('documents each tool in the guide with its scopes and a valid example', () => {
  const guide = readFileSync(join(root, 'docs/guides/built-in-tools.md'), 'utf8')
  const steps = [...guide.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
    ([, text = '']) => JSON.parse(text) as { uses: string; with: JsonObject },
  )
  expect(new Set(steps.map(({ uses }) => uses))).toEqual(new Set(builtIns.map(({ name }) => name)))
  for (const { uses, with: args } of steps) {
    const schema = builtIns.find(({ name }) => name === uses)?.inputSchema ?? {}
    expect([uses, findMismatch(schema, args)]).toEqual([uses, null])
  }
  for (const { name, scopes } of builtIns) expect(guide).toContain(`| \`${name}\` | ${scopes.map((scope) => `\`${scope}\``).join(', ')} |`)
})

test('does not import the libraries of mail and models statically', () => {
  const heavy = /from '(ai|@ai-sdk\/[a-z-]+|nodemailer|postal-mime)'/
  const source = dirname(import.meta.dirname)
  const files = globSync('**/*.ts', { cwd: source }).filter((one) => !/\.(test|fixture)\.ts$/.test(one))
  expect(files.length).toBeGreaterThan(50)
  for (const file of files) {
    const lines = readFileSync(join(source, file), 'utf8').split('\n')
    expect(lines.filter((line) => heavy.test(line) && !line.startsWith('import type '))).toEqual([])
  }
})
