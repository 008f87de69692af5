/** A command is short-lived, so what it loads is most of what it costs. Runs the program as a process, as a shell does. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const program = join(import.meta.dirname, '../bin/orrery.mjs')
/** Reports at the exit which modules were loaded and how much CPU the process used, its start included. */
const probe = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  import { writeSync } from 'node:fs'
  const loaded = []
  registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
  process.on('exit', () => writeSync(3, JSON.stringify({ loaded, cpu: process.cpuUsage() })))
`)}`

interface Cost {
  readonly status: number | null
  readonly out: string
  readonly loaded: readonly string[]
  readonly cpuMs: number
}

/** @param words arguments of Node: the program and its own arguments */
function measure(words: readonly string[], url: string): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', probe, ...words], {
      env: { PATH: process.env.PATH ?? '', HOME: import.meta.dirname, ORRERY_URL: url, ORRERY_KEY: 'key' },
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    })
    const texts = { out: '', report: '' }
    child.stdout?.on('data', (chunk) => (texts.out += String(chunk)))
    child.stdio[3]?.on('data', (chunk) => (texts.report += String(chunk)))
    child.once('error', reject)
    child.once('close', (status) => {
      const { loaded, cpu } = JSON.parse(texts.report) as { loaded: string[]; cpu: NodeJS.CpuUsage }
      resolve({ status, out: texts.out, loaded, cpuMs: (cpu.user + cpu.system) / 1000 })
    })
  })
}

const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"items":[],"nextCursor":null}')
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

test.each([
  [['--version'], '0.1.0\n'],
  [['runs', 'list'], 'none\n'],
])('`orrery %s` loads neither shapes nor a compiler, and takes less than 250 ms of CPU', async (args, out) => {
  const costs: Cost[] = []
  // On a busy or slow machine, an empty program takes longer, too: 35 ms where the limit was set.
  const empty = Math.min(...(await Promise.all([1, 2].map(() => measure(['-e', '0'], url)))).map(({ cpuMs }) => cpuMs))
  const limitMs = 250 * Math.max(1, empty / 35)
  // The first run may have to compile. A busy machine makes some of the others slow, too.
  while (costs.length < 8 && !costs.slice(1).some(({ cpuMs }) => cpuMs < limitMs)) costs.push(await measure([program, ...args], url))
  for (const { status, out: said, loaded } of costs) {
    expect({ status, said }).toEqual({ status: 0, said: out })
    expect(loaded.filter((module) => /node_modules\/(zod|esbuild|acorn|yaml)\/|contract\/src\/(index|registry)\.ts/.test(module))).toEqual(
      [],
    )
  }
  expect(Math.min(...costs.map(({ cpuMs }) => cpuMs))).toBeLessThan(limitMs)
})
