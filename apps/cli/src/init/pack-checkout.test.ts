/** Packing a checkout that is interrupted, with a checkout of one small package whose packing never ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../../../tests/support/until.ts'
import { packCheckout } from './pack-checkout.ts'

let checkout: string
const licence = () => join(checkout, 'packages/small/LICENSE')
const lock = () => join(checkout, 'node_modules/.cache/orrery-pack/lock')

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'orrery-pack-'))
  const write = (path: string, text: string) => writeFileSync(join(checkout, path), text)
  for (const folder of ['tools', 'apps', 'packages/small']) mkdirSync(join(checkout, folder), { recursive: true })
  for (const file of ['pack.ts', 'workspaces.ts'])
    copyFileSync(fileURLToPath(new URL(`../../../../tools/${file}`, import.meta.url)), join(checkout, 'tools', file))
  write('tools/build.ts', '')
  write('LICENSE', 'MIT')
  write('package.json', JSON.stringify({ name: 'all', private: true, type: 'module', workspaces: ['packages/*'] }))
  const prepack = `node -e "fs.writeFileSync('begun', ''); setInterval(() => fs.existsSync('end') && process.exit(), 10)"`
  write('packages/small/package.json', JSON.stringify({ name: 'small', version: '1.0.0', files: ['LICENSE'], scripts: { prepack } }))
})
afterEach(() => rmSync(checkout, { recursive: true, force: true }))

const begun = () => until('it packs', () => existsSync(join(checkout, 'packages/small/begun')))
const pack = (signal = new AbortController().signal) => packCheckout(checkout, () => {}, signal)

test('leaves no file in the checkout when Ctrl-C ends it', async () => {
  // A group of its own gets the signal, as from a terminal.
  const child = spawn(process.execPath, [join(checkout, 'tools/pack.ts'), join(checkout, 'packed')], { stdio: 'ignore', detached: true })
  const closed = once(child, 'close')
  await begun()
  expect(readFileSync(licence(), 'utf8')).toBe('MIT')
  process.kill(-(child.pid ?? 0), 'SIGINT')
  await closed
  expect(existsSync(licence())).toBe(false)
})

test('ends at an interruption, and leaves no lock', async () => {
  const interrupt = new AbortController()
  const packing = pack(interrupt.signal)
  await begun()
  expect(existsSync(lock())).toBe(true)
  // Another one waits for it, and can be interrupted too.
  const other = new AbortController()
  const waiting = pack(other.signal)
  other.abort(new Error('stop'))
  await expect(waiting).rejects.toThrow('stop')
  interrupt.abort(new Error('stop'))
  writeFileSync(join(checkout, 'packages/small/end'), '')
  await expect(packing).rejects.toThrow('stop')
  expect([existsSync(lock()), existsSync(licence())]).toEqual([false, false])
})

test('does not wait for one that died', async () => {
  const dead = spawn(process.execPath, ['-e', ''])
  await once(dead, 'close')
  mkdirSync(join(lock(), '..'), { recursive: true })
  writeFileSync(lock(), String(dead.pid))
  writeFileSync(join(checkout, 'packages/small/end'), '')
  const target = await pack()
  expect(existsSync(join(target, 'small-1.0.0.tgz'))).toBe(true)
  expect(await pack()).toBe(target)
})
