/**
 * Goal: this repository breaks no rule, and each rule finds a violation. Runs every rule on this repository and on small trees with a
 * planted violation.
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findFloatingPromises, readProgram } from './tidy/promises.ts'
import { rules } from './tidy/rules.ts'
import { readTree, treeOf } from './tidy/tree.ts'
import { root } from './workspaces.ts'

const tree = readTree(root)

test('reads the whole repository', () => {
  expect(tree.sources.length).toBeGreaterThan(150)
  for (const part of ['packages/contract', 'packages/core', 'packages/engine', 'packages/client', 'apps/server', 'apps/cli', 'tools']) {
    expect(tree.sources.filter(({ path }) => path.startsWith(`${part}/`)).length, part).toBeGreaterThan(3)
  }
})

test.each(rules)('$name', (rule) => {
  const { looked, findings } = rule.check(tree)
  expect(looked, `${rule.unit} looked at`).toBeGreaterThan(0)
  expect(findings.map(({ path, line, message }) => `${path}:${line ?? ''} ${message}`)).toEqual([])
})

test('finds no floating promises', { timeout: 600_000 }, () => {
  const { looked, findings } = findFloatingPromises(readProgram(root), root)
  expect(looked).toBeGreaterThan(500)
  expect(findings).toEqual([])
})

const manifest = (name: string, more: object = {}) =>
  JSON.stringify({ name, exports: { '.': { 'orrery-source': './src/index.ts' } }, ...more })
const lines = (count: number) => Array.from({ length: count }, (_, at) => `const a${at} = ${at}`).join('\n')

/** A rule, a tree that breaks it, and a part of the message. */
const planted: [rule: string, texts: Record<string, string>, message: string][] = [
  ['plain words', { 'packages/sdk/src/a.ts': `// ${'Who'}ever calls it.` }, 'name the subject'],
  ['file sizes', { 'packages/core/src/a.ts': lines(501) }, '501 lines'],
  ['file sizes', { 'docs/a.md': 'x'.repeat(600_000) }, '586 KB'],
  ['typical file size', { 'packages/core/src/a.ts': lines(111) }, 'median file has 111'],
  ['function sizes', { 'packages/core/src/a.ts': `const f = () => {\n${lines(70)}\n}` }, 'a function of 72 lines'],
  [
    'no small file with one importer',
    { 'packages/sdk/src/a.ts': `import './b.ts'\n${lines(15)}`, 'packages/sdk/src/b.ts': lines(14) },
    'only packages/sdk/src/a.ts imports it',
  ],
  [
    'no small file with one importer',
    { 'apps/cli/src/a.ts': "import './b.ts'", 'apps/cli/src/b.ts': '', 'apps/cli/src/b.test.ts': "import './b.ts'" },
    'only apps/cli/src/a.ts imports it',
  ],
  ['line lengths', { 'packages/core/src/a.ts': 'x'.repeat(161) }, '161 columns'],
  ['import directions', { 'packages/contract/src/a.ts': "import '@orrery/core'" }, 'may not import'],
  ['import directions', { 'packages/sdk/src/a.ts': "import type { A } from '@orrery/engine'" }, 'may not import'],
  ['import directions', { 'packages/client/src/a.ts': "import '@orrery/sdk'" }, 'may not import'],
  ['import directions', { 'apps/cli/src/a.ts': "export * from '@orrery/server'" }, 'may not import'],
  ['import directions', { 'packages/core/src/a.ts': "import '../../engine/src/a.ts'" }, 'by path'],
  [
    'no test files in what is built',
    { 'packages/core/src/a.ts': "import './b.fixture.ts'", 'packages/core/src/b.fixture.ts': '' },
    'is a test file',
  ],
  [
    'no import cycles',
    { 'packages/core/src/a.ts': "import type { B } from './b.ts'", 'packages/core/src/b.ts': "import './a.ts'" },
    'a cycle of 2',
  ],
  [
    'no import cycles',
    {
      'packages/core/package.json': manifest('@orrery/core'),
      'packages/core/src/index.ts': "export * from './a.ts'",
      'packages/core/src/a.ts': "await import('@orrery/core')",
    },
    'a cycle of 2',
  ],
  [
    'no cycles between folders',
    {
      'packages/core/src/runs/a.ts': "import '../keys/b.ts'",
      'packages/core/src/keys/c.ts': "import type { A } from '../runs/a.ts'",
      'packages/core/src/keys/b.ts': '',
    },
    'keys, runs depend on each other',
  ],
  [
    'no cycles between folders',
    { 'packages/core/src/runs/a.ts': "import './b/c.ts'", 'packages/core/src/runs/b/c.ts': "import '../a.ts'" },
    'a.ts, b depend on each other',
  ],
  ['private stores', { 'packages/core/src/runs/a.ts': "import '../keys/key-store.ts'" }, 'is private to'],
  ['workflow code without ambient parts', { 'packages/engine/src/workflow/a.ts': "import { readFile } from 'node:fs'" }, 'is not'],
  [
    'workflow code without ambient parts',
    { 'packages/engine/src/workflow/a.ts': "import type { S } from '../store/store.ts'" },
    'no store',
  ],
  ['workflow code without ambient parts', { 'packages/engine/src/workflow/a.ts': "import 'pg'" }, 'no dependencies'],
  ['imports of files that exist', { 'packages/core/src/a.ts': "import './b.ts'" }, 'is not a file'],
  ['vocabulary in names', { 'packages/core/src/a.ts': 'const tenantId = 1' }, 'an org'],
  ['vocabulary in names', { 'packages/core/src/a.ts': 'interface A { task: string }' }, 'human task'],
  [
    'exported type names are unique in a package',
    { 'packages/sdk/src/a.ts': 'export interface A { b: 1 }', 'packages/sdk/src/b/c.ts': 'export type A = 1' },
    'is also named "A": packages/sdk/src/b/c.ts',
  ],
  [
    'exported type names are unique in a package',
    { 'packages/sdk/src/a.ts': 'export class A {}', 'packages/sdk/src/b.ts': 'export interface A {}' },
    'is also named "A"',
  ],
  ['vocabulary and form of paths', { 'packages/core/src/utils/a.ts': '' }, 'does not name an owner'],
  ['vocabulary and form of paths', { 'packages/core/src/startRun.ts': '' }, 'kebab-case'],
  ['vocabulary and form of paths', { 'packages/core/src/runs/index.ts': '' }, 'a barrel'],
  ['vocabulary and form of paths', { 'packages/core/src/jobs/a.ts': '' }, 'is a run'],
  ['no any, no bare !, no silent catch', { 'packages/core/src/a.ts': 'const a = b as any' }, 'any:'],
  ['no any, no bare !, no silent catch', { 'packages/core/src/a.ts': 'const a = b!.c' }, 'cannot be null'],
  ['no any, no bare !, no silent catch', { 'packages/core/src/a.ts': 'try { a() } catch {}' }, 'hides the error'],
  ['no unfinished work, no paths of one machine', { 'docs/a.md': ['TO', 'DO: later'].join('') }, 'unfinished work'],
  ['no unfinished work, no paths of one machine', { 'docs/a.md': ['see /ho', 'me/me/x'].join('') }, 'a path of one machine'],
  [
    'row-level security on every table with org_id',
    { 'packages/core/migrations/1.sql': 'create table app.a (\n  org_id uuid\n);\nalter table app.a enable row level security;' },
    'app.a force row level security',
  ],
  [
    'share of each package',
    {
      ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`packages/core/src/a${at}.ts`, lines(400)])),
      'packages/engine/src/a.ts': lines(400),
    },
    '97 % of the source',
  ],
  ['SQL in stores only', { 'packages/core/src/runs/start-run.ts': 'const a = sql`select 1`' }, '*-store.ts'],
  ['SQL in stores only', { 'apps/server/src/a.ts': "client.query('update app.a set b = 1 where c = 2')" }, '*-store.ts'],
  [
    'the engine is read through its views',
    { 'packages/core/src/runs/run-store.ts': 'const a = sql`select 1 from engine.run where ${b}`' },
    'engine.run: other packages may read only',
  ],
  [
    'queries on tables with org_id name it',
    {
      'packages/core/migrations/1.sql': 'create table app.a (\n  org_id uuid,\n  b int\n);',
      'packages/core/src/as/a-store.ts': 'export const find = (b: number) => sql`select org_id from app.a where b = ${b}`',
    },
    'no condition on org_id',
  ],
  ['SQL in lower case', { 'packages/core/migrations/1.sql': 'SELECT 1' }, 'in capitals'],
  [
    'every operation has a test that names it',
    {
      'packages/contract/src/operations/a.ts': "export const startA = defineOperation({ name: 'as.start' })",
      'tests/security/good-calls.ts': "const inputs = { 'as.start': {} }",
    },
    'no test names the operation as.start',
  ],
  [
    'every problem has a page, every page a problem',
    {
      'packages/contract/src/problem-catalogue.ts': "export const PROBLEMS = { 'a.gone': {} } as const satisfies X",
      'docs/problems/b.md': '',
    },
    'docs/problems/a.gone.md is missing',
  ],
  ['links in documents', { 'README.md': 'see [there](docs/a.md)' }, 'the target does not exist'],
  ['links in documents', { 'README.md': 'see [there](#nothing)\n# Something' }, 'no such heading'],
  [
    'every production dependency has a reason',
    { 'packages/core/package.json': manifest('@orrery/core', { dependencies: { pg: '^8.0.0' } }) },
    'pg has no line',
  ],
]

describe('finds a planted violation', () => {
  test.each(planted)('%s: %#', (name, texts, message) => {
    const rule = rules.find((one) => one.name === name)
    const outcome = rule?.check(treeOf(texts))
    expect(outcome?.findings.map((finding) => finding.message).join('\n')).toContain(message)
    expect(outcome?.looked).toBeGreaterThan(0)
  })

  test('of floating promises, including those of a dependency', { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'orrery-tidy-'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const lines = ["import pg from 'pg'", 'const client = new pg.Client()', "client.query('a')", "true && client.query('b')"]
    const fine = [
      "void client.query('c')",
      "client.query('d').catch(console.error)",
      "await client.query('e')",
      'client.escapeLiteral("f")',
    ]
    writeFileSync(join(folder, 'planted.ts'), [...lines, ...fine, 'export {}'].join('\n'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['*.ts'], exclude: [] }))
    const { findings } = findFloatingPromises(readProgram(folder), folder)
    rmSync(folder, { recursive: true })
    expect(findings.map(({ path, line }) => [path, line])).toEqual([
      ['planted.ts', 3],
      ['planted.ts', 4],
    ])
  })

  test('for every rule', () => {
    expect(new Set(planted.map(([name]) => name))).toEqual(new Set(rules.map(({ name }) => name)))
  })
})

test('finds nothing in a tree without violations', () => {
  const texts = {
    'packages/core/package.json': manifest('@orrery/core', { dependencies: { pg: '8.0.0' } }),
    'packages/core/src/index.ts': "export { a } from './keys/a.ts'",
    'packages/core/src/b.ts': lines(15),
    'packages/core/src/keys/a.ts':
      "import './key-store.ts'\nimport '../b.ts'\nimport '@orrery/contract'\n// There is one.\nexport const a = b!",
    'packages/core/migrations/1.sql':
      'create table app.a (\n  org_id uuid\n);\nalter table app.a enable row level security;\nalter table app.a force row level security;',
    'packages/core/src/keys/key-store.ts':
      '/** Of all organizations. */\nexport const all = () => sql`select b from app.a`\nexport const one = (org: string) => sql`select b from app.a where org_id = ${org}`',
    'docs/dependencies.md': '# Dependencies\n| `pg` | why |\n[here](#dependencies) and [there](../packages/core)',
  }
  const needs = new Set(['every operation has a test that names it', 'every problem has a page, every page a problem'])
  for (const rule of rules.filter(({ name }) => !needs.has(name))) expect(rule.check(treeOf(texts)).findings, rule.name).toEqual([])
})

const findingsOf = (name: string, texts: Record<string, string>) =>
  rules
    .find((rule) => rule.name === name)
    ?.check(treeOf(texts))
    .findings.map(({ path }) => path)

test('allows a small file that is an entry point, a program, an operation, a store, exported, shared or used only by tests', () => {
  const texts = {
    'packages/sdk/package.json': manifest('@orrery/sdk'),
    'packages/sdk/src/index.ts': "export * from './exported.ts'",
    'packages/sdk/src/exported.ts': '',
    'packages/sdk/src/main.ts': "import './shared.ts'",
    'packages/sdk/src/run-program.ts': "import './main.ts'\nimport './shared.ts'\nimport './index.ts'\nimport './key-store.ts'",
    'packages/sdk/src/key-store.ts': '',
    'packages/sdk/src/shared.ts': '',
    'packages/sdk/src/pause-run.ts': '',
    'packages/sdk/src/operations.generated.ts': "import './pause-run.ts'",
    'packages/sdk/src/a.fixture.ts': '',
    'packages/sdk/src/a.test.ts': "import './a.fixture.ts'",
  }
  expect(findingsOf('no small file with one importer', texts)).toEqual([])
})

test('allows a type to share its name with a type of another package, of a test, or one that is not exported', () => {
  const texts = {
    'packages/sdk/src/a.ts': 'export interface A {}',
    'packages/sdk/src/b.ts': 'interface A {}',
    'packages/sdk/src/b.test.ts': 'export interface A {}',
    'packages/client/src/a.ts': 'export interface A {}',
  }
  expect(findingsOf('exported type names are unique in a package', texts)).toEqual([])
})
