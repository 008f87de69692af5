/**
 * Types the commands of README and guides into a shell, in a project in which `orrery dev` runs. A block with a file in its first line goes
 * there (`ts workflows/article.ts`); a block marked `sh run` must end well, `sh run fails` must not. `<run>`, `<key>` and `<pin>` are what the
 * last command printed, `<failed>` is the run that the last block printed which had to fail. `orrery.example.com` is the server of `dev`, all
 * other addresses at `example.com` are stand-ins on this machine.
 */
import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { freePort } from './processes.ts'
import { type Block, pages, readBlocks, root } from './read-blocks.ts'
import { SHOP, type StandIns, startStandIns } from './stand-ins.ts'

/** Pipelines call tools that another page makes. */
const FIRST = 'docs/guides/tools.md'
const blocks = [FIRST, ...pages.filter((page) => page !== FIRST)].flatMap(readBlocks)
const command = join(root, 'node_modules/.bin/orrery')
let env: NodeJS.ProcessEnv = {
  ...process.env,
  ORRERY_OUTSIDE_ALLOW: '127.0.0.1',
  PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  NO_COLOR: '1',
}

let folder: string
let port: number
let said = ''
let outside: StandIns
let server: ReturnType<typeof spawn>

beforeAll(async () => {
  port = await freePort()
  outside = await startStandIns()
  // Inside the checkout, so that imports of the project and `npx orrery` resolve.
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(root, 'node_modules/.cache/orrery-guides-'))
  cpSync(join(root, 'apps/cli/templates/app/workflows'), join(folder, 'workflows'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { note, text } of blocks) {
    if (!/^[\w/.-]+\.(ts|json|yaml)$/.test(note)) continue
    mkdirSync(join(folder, dirname(note)), { recursive: true })
    writeFileSync(join(folder, note), locate(text))
  }
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(SHOP))
  env = { ...env, HOME: folder }
  server = spawn(command, ['dev', '--port', String(port)], { cwd: folder, env })
  for (const stream of [server.stdout, server.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => void (said += chunk))
  await until(`the server is ready\n${said}`, () => /server +http/.test(said), 240_000)
}, 300_000)

afterAll(async () => {
  const exited = new Promise((resolve) => server?.once('exit', resolve))
  server?.kill('SIGTERM')
  if (server !== undefined) await exited
  await outside?.close()
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
  async (_, block) => {
    for (const line of commandsOf(block)) await runLine(block, line)
  },
  300_000,
)

/** A command may continue on the next line. */
function commandsOf({ text }: Block): string[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n')
  const commands: string[] = []
  for (const line of lines) {
    const last = commands.at(-1)
    // An open quote.
    if (last !== undefined && last.split("'").length % 2 === 0) commands[commands.length - 1] = `${last}\n${line}`
    else if (line.trim() !== '' && !line.startsWith('#')) commands.push(line)
  }
  return commands
}

/** With the addresses of this test. */
function locate(text: string): string {
  return text
    .replaceAll(
      /127\.0\.0\.1:8787|https:\/\/orrery\.example\.com/g,
      (place) => `${place.startsWith('https') ? 'http://' : ''}127.0.0.1:${port}`,
    )
    .replaceAll(/https:\/\/\w+\.example\.com/g, outside.url)
}

async function runLine({ page, note }: Block, written: string): Promise<void> {
  const line = locate(written).replaceAll(/<(run|key|pin|failed)>/g, (whole, kind: string) => ids.get(kind) ?? whole)
  const before = exported.get(page) ?? []
  if (line.startsWith('export ')) exported.set(page, [...before, line])
  // Without npx, which would only cost time: the command is found in PATH.
  const script = ['npx() { "$@"; }', ...before, line].join('\n')
  const { status, stdout, stderr } = await runBash(script)
  const output = stripVTControlCharacters(stdout + stderr)
  for (const [id, kind = ''] of stdout.matchAll(/\b(run|key)_[0-9a-z]{26}\b/g)) ids.set(kind, id)
  const pin = /^offer[\s\S]*?"pin": "([0-9a-f]{64})"/m.exec(stdout)?.[1]
  if (pin !== undefined) ids.set('pin', pin)
  if (note.includes('fails')) ids.set('failed', ids.get('run') ?? '')
  const isGood = status === 0 && !/"code":"|error:|^\{"detail"/m.test(output)
  expect(isGood, `${written}\n${output}`).toBe(!note.includes('fails'))
}

/** The stand-ins of this process answer meanwhile. */
function runBash(script: string): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('bash', ['--norc', '-c', script], { cwd: folder, env, encoding: 'utf8', timeout: 120_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ status, stdout, stderr })
    })
  })
}
