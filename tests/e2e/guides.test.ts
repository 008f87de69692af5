/**
 * Checks the README files and the guides: their TypeScript compiles, their JSON parses, their commands exist, and their links have targets.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProgram } from '../../apps/cli/src/create-program.ts'
import { pages, readBlocks, root } from './read-blocks.ts'

type Command = ReturnType<typeof createProgram>

const scratch = join(root, `node_modules/.cache/orrery-guides-${process.pid}`)
const blocks = pages.flatMap(readBlocks)

beforeAll(() => {
  mkdirSync(scratch, { recursive: true })
})
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

test('finds pages and TypeScript blocks to check', () => {
  expect(pages.length).toBeGreaterThan(10)
  expect(blocks.filter(({ language }) => language === 'ts').length).toBeGreaterThan(12)
})

test('every TypeScript block compiles on its own', () => {
  for (const { page, line, language, text } of blocks) {
    if (language === 'ts') writeFileSync(join(scratch, `${page.replaceAll(/[/.]/g, '-')}-line-${line}.ts`), text)
  }
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, typeRoots: [join(root, 'node_modules/@types')] },
    include: ['*.ts'],
    exclude: [],
  }
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/ts7/bin/tsc'), '-p', scratch], { encoding: 'utf8' })
  // Ignores errors in the packages themselves, which the type check reports.
  expect(stdout.split('\n').filter((line) => /-line-\d+\.ts/.test(line))).toEqual([])
}, 180_000)

test('every JSON block parses', () => {
  for (const { page, line, language, text } of blocks) {
    if (language === 'json') expect(() => JSON.parse(text), `${page}:${line}`).not.toThrow()
  }
})

test('every orrery command in a shell block exists, with its arguments and flags', () => {
  const program = createProgram({ env: {}, out: () => {}, err: () => {} } as never)
  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ page, text }) => text.split('\n').map((line) => ({ page, line })))
  const commands = lines.flatMap(({ page, line }) => {
    const words = /^(?:npx |npm run )?orrery (?:-- )?(.*?)(?:\s*#.*|\s+(?:<|>>?)\s.*)?\s*$/.exec(line)?.[1]
    return words === undefined ? [] : [{ page, words: splitWords(words) }]
  })
  expect(commands.length).toBeGreaterThan(25)
  for (const { page, words } of commands) expect(findCommandFault(program, words), `${page}: orrery ${words.join(' ')}`).toBeNull()
})

/** `--payload '{"a": 1}'` is two words. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}

/** What is wrong with a command line, or null. */
function findCommandFault(program: Command, words: readonly string[]): string | null {
  let command = program
  let at = 0
  for (; at < words.length; at += 1) {
    const next = command.commands.find((one) => one.name() === words[at])
    if (next === undefined) break
    command = next
  }
  let argumentCount = 0
  for (; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (!/^-./.test(word)) {
      argumentCount += 1
      continue
    }
    const option = command.options.find(({ long, short }) => long === word || short === word)
    if (option === undefined && word !== '--help') return `no flag ${word}`
    if (option?.required) at += 1
  }
  const { registeredArguments } = command
  if (argumentCount > registeredArguments.length) return `${argumentCount} arguments, but at most ${registeredArguments.length} are allowed`
  const needed = registeredArguments.filter((one) => one.required).length
  return argumentCount < needed && !words.includes('--help') ? `${argumentCount} arguments, but ${needed} are required` : null
}

test('`npx orrery` is only said where a project has the command: elsewhere, it is a package of another project', () => {
  expect(pages.filter((page) => /npx orrery init\b/.test(readFileSync(join(root, page), 'utf8')))).toEqual([])
  for (const page of ['README.md', 'docs/guides/first-hour.md', 'apps/cli/templates/app/README.md'])
    expect(readFileSync(join(root, page), 'utf8').replaceAll(/\s+/g, ' '), page).toMatch(/`orrery` on npm belongs to another project/)
})

/** Blocks that no test types as written, by page and first command, with the reason. Everything else is `sh run`. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'README.md: npm start': 'installs the checkout itself, as CI does',
  'README.md: npm run orrery -- init ../my-app --example wildlife-strikes': 'wildlife-strikes.e2e.ts makes this project with init',
  'README.md: npx orrery runs start triage': 'wildlife-strikes.e2e.ts starts this run',
  'README.md: kill -9 <pid>': 'wildlife-strikes.e2e.ts kills the server',
  'README.md: npx orrery runs list': 'wildlife-strikes.e2e.ts reads this run',
  'docs/guides/first-hour.md: npx @orrery/cli init my-app': 'the package is not published yet; new-app.ts runs init from the checkout',
  'docs/guides/operate.md: orrery-server --data /var/lib/orrery': 'writes to a folder of the system; main.pg.test.ts starts the program',
  'docs/guides/operate.md: psql postgres://postgres@db.example.com/postgres': 'needs a PostgreSQL server of one’s own',
  'docs/guides/operate.md: tar -C /var/lib': 'needs a stopped server in a folder of the system',
  'docs/guides/operate.md: pg_dumpall': 'needs a PostgreSQL server of one’s own',
  'docs/guides/operate.md: psql --file=roles.sql': 'needs a second PostgreSQL server',
  'docs/guides/redis.md: REDIS_URL=': 'needs a Redis; relay.pg.test.ts sets this variable',
  'docs/guides/redis.md: redis-cli XREAD': 'needs a Redis, and waits for the next event',
  'docs/guides/tools.md: npx orrery tools put -f tools.yaml': 'daily-briefing.e2e.ts puts these files',
  'examples/daily-briefing/README.md': 'daily-briefing.e2e.ts does what this page says',
  'examples/wildlife-strikes/README.md': 'wildlife-strikes.e2e.ts does what this page says',
  'apps/cli/templates/app/README.md': 'the first hour has the same commands',
}

test('every block of commands is run by a test, except those that are listed with a reason', () => {
  const isListed = ({ page, text }: (typeof blocks)[number], key: string) => `${page}: ${text}`.startsWith(key)
  const rest = blocks.filter(({ language, note }) => language === 'sh' && !note.startsWith('run'))
  const keys = Object.keys(NOT_RUN)
  expect(rest.filter((block) => !keys.some((key) => isListed(block, key))).map(({ page, line }) => `${page}:${line}`)).toEqual([])
  expect(keys.filter((key) => !rest.some((block) => isListed(block, key)))).toEqual([])
  expect(keys.length).toBeLessThanOrEqual(17)
})

test('every variable in a shell block is set before, on the same page', () => {
  const unset: string[] = []
  for (const page of pages) {
    const known = new Set<string>()
    for (const { line, language, text } of blocks.filter((block) => block.page === page)) {
      if (language !== 'sh') continue
      for (const one of text.split('\n')) {
        for (const [, name = ''] of one.matchAll(/\$\{?([A-Z_]{3,})\b/g)) if (!known.has(name)) unset.push(`${page}:${line}: $${name}`)
        for (const [, name = ''] of one.matchAll(/\b([A-Z_]{3,})=/g)) known.add(name)
      }
    }
  }
  expect(unset).toEqual([])
})

test('every link to a file has an existing target', () => {
  const links = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => ({
      page,
      target: resolve(root, dirname(page), match[1] ?? ''),
    })),
  )
  expect(links.length).toBeGreaterThan(15)
  expect(links.filter(({ target }) => !existsSync(target)).map(({ page, target }) => `${page}: ${target.slice(root.length)}`)).toEqual([])
})
