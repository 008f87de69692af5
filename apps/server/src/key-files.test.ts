import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeSecretKey } from '@orrery/kernel'
import { afterAll, expect, test } from 'vitest'
import { loadAuditKeys, loadSecretKeys, loadTokenKeys } from './key-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'orrery-key-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['audit', (file: string) => [...loadAuditKeys(file).known.keys()]],
  ['secret', (file: string) => loadSecretKeys(file).activeId],
  ['token', (file: string) => loadTokenKeys(file).id],
])('creates the %s key once, readable only by its owner', (name, load) => {
  const file = join(folder, name, 'key')
  const first = load(file)
  expect(load(file)).toEqual(first)
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, name))).toEqual(['key'])
})

test('writes signing keys as PEM', () => {
  const file = join(folder, 'key.pem')
  loadAuditKeys(file)
  expect(readFileSync(file, 'utf8')).toContain('PRIVATE KEY')
})

test('encrypts with the first secret key of the file and still decrypts with the others', () => {
  const file = join(folder, 'rotated.txt')
  const old = loadSecretKeys(file)
  writeFileSync(file, `${makeSecretKey()}${readFileSync(file, 'utf8')}`)
  const rotated = loadSecretKeys(file)
  expect(rotated.activeId).not.toBe(old.activeId)
  expect(rotated.known.has(old.activeId)).toBe(true)
})
