import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killPrograms, runProgram } from './testing/run-program.fixture.ts'

const base = mkdtempSync(join(tmpdir(), 'orrery-before-'))
const data = join(base, 'data')
const other = createServer()
let port = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  port = String((other.address() as AddressInfo).port)
})
afterAll(() => {
  killPrograms()
  other.close()
  rmSync(base, { recursive: true, force: true })
})

test('notices a port in use, a missing project and a bad flag before a database is made', async () => {
  const cases: [string[], RegExp][] = [
    [['--port', port], /Port \d+ of 127\.0\.0\.1 is in use by another program/],
    [['--port', '0', '--project', join(base, 'none')], /There is no folder \S+none: correct ORRERY_PROJECT \(--project\)\./],
    [['--port', '70000'], /--port must be a whole number from 0 to 65535/],
    [['--prot', '1'], /--prot/],
  ]
  for (const [args, message] of cases) {
    const program = runProgram(['--data', data, ...args])
    expect(await program.ended).toBe(1)
    expect(program.err()).toMatch(message)
    expect(existsSync(data), args.join(' ')).toBe(false)
  }
})
