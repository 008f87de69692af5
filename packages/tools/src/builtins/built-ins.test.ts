import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { describeBuiltIns } from './built-ins.suite.ts'
import { addBuiltIns, builtInsBySubject, findBuiltIn, listBuiltIns } from './built-ins.ts'

const builtIns = Object.values(builtInsBySubject).flat()

describeBuiltIns(builtIns)

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
