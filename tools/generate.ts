/**
 * Writes the generated files: the index of operations, their routes for clients, the verbs of the command line, an index of
 * implementations for each package that has some, and a page for each problem. `--check` writes nothing and fails if a file is stale.
 * Run it with `node --conditions=orrery-source`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describeVerb } from '../apps/cli/src/registry/describe-verb.ts'
import type { Operation } from '../packages/contract/src/operation.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MARK = '// Written by tools/generate.ts. Do not edit.'
const HEADER = `${MARK}
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.
`

interface Declared {
  /** Such as `runs.start`. */
  readonly name: string
  /** Such as `startRun`: the name of the declaration and of the function that implements it. */
  readonly symbol: string
  /** The file in contract/src/operations. */
  readonly file: string
  readonly operation: Operation
}

async function findOperations(): Promise<Declared[]> {
  const directory = join(ROOT, 'packages/contract/src/operations')
  const found: Declared[] = []
  for (const file of readdirSync(directory).filter(isSource).sort()) {
    const module: Record<string, unknown> = await import(pathToFileURL(join(directory, file)).href)
    for (const [symbol, value] of Object.entries(module)) {
      if (isOperation(value)) found.push({ name: value.name, symbol, file, operation: value })
    }
  }
  requireUnique(found.map(({ name }) => name))
  requireUnique(found.map(({ symbol }) => symbol))
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function isOperation(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null && 'http' in value && 'name' in value
}

function isSource(file: string): boolean {
  return file.endsWith('.ts') && !file.endsWith('.test.ts')
}

function requireUnique(names: readonly string[]): void {
  const twice = names.filter((name, at) => names.indexOf(name) !== at)
  if (twice.length > 0) throw new Error(`Declared twice: ${twice.join(', ')}`)
}

function renderOperations(operations: readonly Declared[]): string {
  const byFile = Map.groupBy(operations, ({ file }) => file)
  const imports = [...byFile.keys()].sort().map((file) => renderImport(symbolsOf(byFile.get(file) ?? []), `./operations/${file}`))
  return [
    HEADER,
    ...imports,
    '',
    'export const operations = {',
    ...operations.map(({ name, symbol }) => `  '${name}': ${symbol},`),
    '} as const',
    '',
    'export type OperationName = keyof typeof operations',
    '',
  ].join('\n')
}

const TABLE_HEADER = `${MARK}
// biome-ignore-all format: one line for each entry.
`

/** What a client needs to know to call an operation. Without the shapes, which take a tenth of a second to build. */
function renderRoutes(declared: readonly Declared[]): string {
  const lines = declared.map(({ name, operation: { effect, http } }) => {
    return `  '${name}': { name: '${name}', effect: '${effect}', http: { method: '${http.method}', path: '${http.path}' } },`
  })
  return [
    TABLE_HEADER,
    "import type { Operation } from './operation.ts'",
    '',
    'export interface Route {',
    '  readonly name: string',
    "  readonly effect: Operation['effect']",
    "  readonly http: { readonly method: Operation['http']['method']; readonly path: string }",
    '}',
    '',
    'export const routes = {',
    ...lines,
    '} as const satisfies Record<string, Route>',
    '',
  ].join('\n')
}

/** The commands of the command line, each in one line of JSON: parsing it costs a millisecond, deriving it from the shapes half a second. */
function renderVerbs(declared: readonly Declared[]): string {
  const verbs = declared.map(({ operation }) => describeVerb(operation)).filter((verb) => verb !== null)
  return [
    TABLE_HEADER,
    "import type { Verb } from './verb.ts'",
    '',
    'export const VERBS: readonly Verb[] = [',
    ...verbs.map((verb) => `  ${JSON.stringify(verb)},`),
    ']',
    '',
  ].join('\n')
}

/** Packages that implement operations, each in `src/<folder>/<verb-noun>.ts`. */
const IMPLEMENTING = ['kernel', 'tools', 'core'] as const

interface Implemented {
  readonly operation: Declared
  readonly home: string
  /** Relative to the package's `src`. */
  readonly path: string
}

/** Finds the file that implements each operation. There must be exactly one, named after the operation. */
function findImplementations(operations: readonly Declared[]): Implemented[] {
  const files = IMPLEMENTING.flatMap((home) =>
    readdirSync(join(ROOT, 'packages', home, 'src'), { recursive: true, encoding: 'utf8' }).map((file) => ({ home, file })),
  )
  return operations.map((operation) => {
    const wanted = `${operation.symbol.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`
    const [found, ...others] = files.filter(({ file }) => basename(file) === wanted)
    if (found === undefined || others.length > 0) {
      const places = IMPLEMENTING.map((home) => `packages/${home}`).join(', ')
      throw new Error(
        `${operation.name}: expected exactly one file <noun>/${wanted} in ${places}, found ${others.length + (found ? 1 : 0)}`,
      )
    }
    return { operation, home: found.home, path: `./${found.file.split(sep).join('/')}` }
  })
}

function renderImplementations(home: string, own: readonly Implemented[]): string {
  const types = home === 'kernel' ? './context/implementation.ts' : '@orrery/kernel'
  const lines = [{ path: types, symbol: 'type Implementations' }, ...own.map(({ path, operation }) => ({ path, symbol: operation.symbol }))]
  lines.sort((a, b) => (a.path < b.path ? -1 : 1))
  return [
    HEADER,
    ...lines.map(({ path, symbol }) => renderImport([symbol], path)),
    '',
    'export const implementations = {',
    ...own.map(({ operation }) => `  '${operation.name}': ${operation.symbol},`),
    '} satisfies Partial<Implementations>',
    '',
  ].join('\n')
}

function symbolsOf(operations: readonly Declared[]): string[] {
  return operations.map(({ symbol }) => symbol).sort()
}

/** Renders an import as the formatter would: on one line if it fits. */
function renderImport(symbols: readonly string[], path: string): string {
  const single = symbols.length === 1 && symbols[0]?.startsWith('type ')
  const line = single
    ? `import type { ${symbols[0]?.slice('type '.length)} } from '${path}'`
    : `import { ${symbols.join(', ')} } from '${path}'`
  if (line.length <= 140) return line
  return `import {\n${symbols.map((symbol) => `  ${symbol},\n`).join('')}} from '${path}'`
}

interface Page {
  readonly status: number
  readonly title: string
  readonly meaning: string
  readonly remedy: string
}

function renderProblem(code: string, page: Page): string {
  return `# ${page.title}

\`${code}\`, HTTP status ${page.status}

## What it means

${page.meaning}

## What to do

${page.remedy}
`
}

async function render(): Promise<Map<string, string>> {
  const operations = await findOperations()
  const files = new Map<string, string>()
  files.set('packages/contract/src/operations.generated.ts', renderOperations(operations))
  files.set('packages/contract/src/routes.generated.ts', renderRoutes(operations))
  files.set('apps/cli/src/registry/verbs.generated.ts', renderVerbs(operations))
  const implemented = findImplementations(operations)
  for (const home of IMPLEMENTING) {
    const own = implemented.filter((one) => one.home === home)
    files.set(`packages/${home}/src/implementations.generated.ts`, renderImplementations(home, own))
  }
  const { PROBLEMS }: { PROBLEMS: Record<string, Page> } = await import(
    pathToFileURL(join(ROOT, 'packages/contract/src/problem-catalogue.ts')).href
  )
  for (const [code, page] of Object.entries(PROBLEMS)) files.set(`docs/problems/${code}.md`, renderProblem(code, page))
  return files
}

/** Pages of problems that no longer exist. */
function findOrphans(files: ReadonlyMap<string, string>): string[] {
  const directory = join(ROOT, 'docs/problems')
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .map((file) => join('docs/problems', file).split(sep).join('/'))
    .filter((file) => file.endsWith('.md') && !files.has(file))
}

const check = process.argv.includes('--check')
const files = await render()
const stale = [...files].filter(([file, text]) => !existsSync(join(ROOT, file)) || readFileSync(join(ROOT, file), 'utf8') !== text)
const orphans = findOrphans(files)
if (check) {
  for (const file of [...stale.map(([name]) => name), ...orphans]) console.error(`Stale: ${file} (run npm run generate)`)
  process.exitCode = stale.length + orphans.length > 0 ? 1 : 0
} else {
  for (const [file, text] of stale) {
    mkdirSync(join(ROOT, file, '..'), { recursive: true })
    writeFileSync(join(ROOT, file), text)
  }
  for (const file of orphans) rmSync(join(ROOT, file))
}
const [first, second] = check ? ['stale', 'orphaned'] : ['written', 'removed']
console.log(`${files.size} generated files, ${stale.length} ${first}, ${orphans.length} ${second}`)
