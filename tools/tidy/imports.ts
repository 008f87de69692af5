/** Rules about imports: which package may import which (ARCHITECTURE.md), and which files are private. */
import { isBuiltin } from 'node:module'
import { findCycles, type Import, readImports } from './import-graph.ts'
import type { Finding, Rule } from './rule.ts'
import type { Tree } from './tree.ts'

/** The packages of this repository that each part may import. A name allows that entry point and all entry points below it. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/contract': [],
  'packages/recurrence': [],
  'packages/embedded-postgres': [],
  'packages/engine': ['@orrery/recurrence'],
  'packages/expressions': ['@orrery/contract', '@orrery/engine/workflow', '@orrery/recurrence'],
  'packages/kernel': ['@orrery/contract', '@orrery/engine', '@orrery/recurrence'],
  'packages/tools': ['@orrery/contract', '@orrery/expressions', '@orrery/kernel', '@orrery/recurrence'],
  'packages/core': ['@orrery/contract', '@orrery/engine', '@orrery/expressions', '@orrery/kernel', '@orrery/recurrence', '@orrery/tools'],
  'packages/client': ['@orrery/contract'],
  'packages/sdk': ['@orrery/engine/workflow', '@orrery/engine/bundle', '@orrery/engine/testing'],
  'apps/server': [
    '@orrery/contract',
    '@orrery/core',
    '@orrery/engine',
    '@orrery/embedded-postgres',
    '@orrery/kernel',
    '@orrery/recurrence',
  ],
  'apps/cli': ['@orrery/client', '@orrery/contract', '@orrery/sdk'],
  // An example may import only what its readers will have installed.
  examples: ['@orrery/client', '@orrery/sdk'],
}

const workflowFolder = 'packages/engine/src/workflow/'
/** Files of another package that are bundled into workflows. */
const bundledParts = ['packages/recurrence/src/duration.ts', 'packages/recurrence/src/parsing.ts']
const isWorkflowCode = (path: string): boolean => path.startsWith(workflowFolder) || bundledParts.includes(path)

export const directions: Rule = { name: 'import directions', unit: 'imports', check: (tree) => checkEach(tree, checkDirection) }

function checkDirection(one: Import): string | undefined {
  const home = partOf(one.from.path)
  if (home === undefined || one.from.isTest) return undefined
  const isRelative = one.specifier.startsWith('.')
  if (isRelative && one.to !== undefined && partOf(one.to) !== home) return `reaches into another package by path: "${one.specifier}"`
  if (!one.specifier.startsWith('@orrery/')) return undefined
  if (packageOf(one.specifier) === packageOf(`@orrery/${home.split('/')[1]}`)) return undefined
  const isAllowed = mayImport[home]?.some((allowed) => one.specifier === allowed || one.specifier.startsWith(`${allowed}/`))
  return isAllowed ? undefined : `${home} may not import "${one.specifier}"`
}

const partOf = (path: string): string | undefined => Object.keys(mayImport).find((part) => path.startsWith(`${part}/`))
const packageOf = (specifier: string): string => specifier.split('/').slice(0, 2).join('/')

/** The build omits test files, so built files must not import them. */
export const noTestImports: Rule = {
  name: 'no test files in what is built',
  unit: 'imports',
  check(tree) {
    const tests = new Set(tree.sources.filter(({ isTest }) => isTest).map(({ path }) => path))
    return checkEach(tree, ({ from, to }) => {
      if (from.isTest || !/^(?:packages|apps)\/[^/]+\/src\//.test(from.path) || to === undefined || !tests.has(to)) return undefined
      return `${to} is a test file: name the importer as one (.test, .suite or .fixture), or move what it needs`
    })
  },
}

export const privateStores: Rule = {
  name: 'private stores',
  unit: 'imports',
  check: (tree) =>
    checkEach(tree, ({ from, to }) => {
      if (!/^packages\/(kernel|tools|core)\//.test(to ?? '') || !to?.endsWith('-store.ts')) return undefined
      const folder = to.slice(0, to.lastIndexOf('/') + 1)
      return from.path.startsWith(folder) ? undefined : `${to} is private to ${folder}`
    }),
}

export const pureWorkflow: Rule = {
  name: 'workflow code without ambient parts',
  unit: 'imports',
  check: (tree) =>
    checkEach(tree, ({ from, to, specifier }) => {
      if (!isWorkflowCode(from.path) || from.isTest) return undefined
      if (isBuiltin(specifier)) return `workflow code runs without Node's modules: "${specifier}" is not available`
      if (to === undefined) return `workflow code has no dependencies: "${specifier}"`
      return isWorkflowCode(to) ? undefined : `workflow code may import no engine and no store: "${specifier}"`
    }),
}

export const cycles: Rule = {
  name: 'no import cycles',
  unit: 'imports',
  check(tree) {
    const imports = readImports(tree)
    const findings = findCycles(imports).map((files) => ({
      path: files[0] ?? '',
      message: `a cycle of ${files.length}: ${files.join(', ')}`,
    }))
    return { looked: imports.length, findings }
  },
}

export const resolvable: Rule = {
  name: 'imports of files that exist',
  unit: 'imports',
  check: (tree) =>
    checkEach(tree, ({ specifier, to }) => {
      // Published programs import built files; `dist` is never in the tree.
      if (!specifier.startsWith('.') || to === undefined || tree.find(to) || to.includes('/dist/')) return undefined
      return `"${specifier}" is not a file of this repository (imports name the file with its extension)`
    }),
}

function checkEach(tree: Tree, check: (one: Import) => string | undefined): { looked: number; findings: Finding[] } {
  const imports = readImports(tree)
  const findings = imports.flatMap((one) => {
    const message = check(one)
    return message === undefined ? [] : [{ path: one.from.path, line: one.line, message }]
  })
  return { looked: imports.length, findings }
}
