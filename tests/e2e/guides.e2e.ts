/**
 * Types the commands of README and guides into a shell, in a project in which `orrery dev` runs. A block with a file in its first line goes
 * there (`ts workflows/article.ts`); a block marked `sh run` must end well, `sh run fails` must not. `<run>` and `<key>` are what the last
 * command printed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { freePort } from './processes.ts'
import { type Block, pages, readBlocks, root } from './read-blocks.ts'

const blocks = pages.flatMap(readBlocks)
const command = join(root, 'node_modules/.bin/orrery')
const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`, NO_COLOR: '1' }

let folder: string
let port: number
let said = ''
let server: ReturnType<typeof spawn>

beforeAll(async () => {
  port = await freePort()
  // Inside the checkout, so that imports of the project and `npx orrery` resolve.
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(root, 'node_modules/.cache/orrery-guides-'))
  cpSync(join(root, 'apps/cli/templates/app/workflows'), join(folder, 'workflows'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { note, text } of blocks) {
    if (!/^[\w/.-]+\.(ts|json|yaml)$/.test(note)) continue
    mkdirSync(join(folder, dirname(note)), { recursive: true })
    writeFileSync(join(folder, note), text)
  }
  server = spawn(command, ['dev', '--port', String(port)], { cwd: folder, env })
  for (const stream of [server.stdout, server.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => void (said += chunk))
  await until(`the server is ready\n${said}`, () => /server +http/.test(said), 240_000)
}, 300_000)

afterAll(async () => {
  const exited = new Promise((resolve) => server?.once('exit', resolve))
  server?.kill('SIGTERM')
  if (server !== undefined) await exited
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}, 60_000)

test('dev deploys the workflows of the pages', () => {
  expect(said).toMatch(/deployed +\d+ workflows: article, greet, hello, release/)
})

const runnable = blocks.filter(({ language, note }) => language === 'sh' && note.startsWith('run'))
/** Ids that the commands printed last, and variables that earlier blocks of a page have set. */
const ids = new Map<string, string>()
const exported = new Map<string, string[]>()

test('there are blocks to run on README and on most guides', () => {
  expect(new Set(runnable.map(({ page }) => page)).size).toBeGreaterThan(9)
})

test.each(runnable.map((block) => [`${block.page}:${block.line}`, block] as const))(
  'the commands of %s work as written',
  (_, block) => {
    for (const line of commandsOf(block)) runLine(block, line)
  },
  300_000,
)

/** A command may continue on the next line. */
function commandsOf({ text }: Block): string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

function runLine({ page, note }: Block, written: string): void {
  const line = written
    .replaceAll('127.0.0.1:8787', `127.0.0.1:${port}`)
    .replaceAll(/<(run|key)>/g, (whole, kind: string) => ids.get(kind) ?? whole)
  const before = exported.get(page) ?? []
  if (line.startsWith('export ')) exported.set(page, [...before, line])
  // Without npx, which would only cost time: the command is found in PATH.
  const script = ['npx() { "$@"; }', ...before, line].join('\n')
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { cwd: folder, env, encoding: 'utf8', timeout: 120_000 })
  const output = stripVTControlCharacters(stdout + stderr)
  for (const [id, kind = ''] of stdout.matchAll(/\b(run|key)_[0-9a-z]{26}\b/g)) ids.set(kind, id)
  const isGood = status === 0 && !/"code":"|error:/.test(output)
  expect(isGood, `${written}\n${output}`).toBe(!note.includes('fails'))
}
