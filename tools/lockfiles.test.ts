/** `npm ci` installs what a lockfile says, on every platform: a registry that lacked a platform's package has left a hole in one before. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'orrery-lockfiles-'))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Compares lockfile and package.json, without the network and without installing anything. */
function dryRun(folder: string) {
  const flags = ['--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--cache', join(scratch, 'cache')]
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  const { status, stderr } = spawnSync('npm', ['ci', ...flags], { cwd: folder, env, encoding: 'utf8', shell: process.platform === 'win32' })
  return { status, stderr }
}

test.each(['.', 'bench'])(
  'npm ci accepts the lockfile of %s',
  (folder) => {
    expect(dryRun(join(root, folder))).toMatchObject({ status: 0 })
  },
  60_000,
)

test('npm ci refuses a lockfile that lacks the package of one platform', () => {
  const folder = join(scratch, 'bench')
  mkdirSync(folder)
  cpSync(join(root, 'bench/package.json'), join(folder, 'package.json'))
  const lock = JSON.parse(readFileSync(join(root, 'bench/package-lock.json'), 'utf8')) as { packages: Record<string, { os?: unknown }> }
  const [platform = ''] = Object.entries(lock.packages).find(([, { os }]) => os !== undefined) ?? []
  delete lock.packages[platform]
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock))
  expect(dryRun(folder).status).not.toBe(0)
}, 60_000)
