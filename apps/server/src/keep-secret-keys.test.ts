import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeSecretKey } from '@orrery/core'
import { afterAll, expect, test } from 'vitest'
import { keepSecretKeys } from './keep-secret-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'orrery-secret-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the key is made once, is kept, and is for its owner alone', () => {
  const file = join(folder, 'inside', 'keys.txt')
  const [first, again] = [keepSecretKeys(file), keepSecretKeys(file)]
  expect(again.activeId).toBe(first.activeId)
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'inside'))).toEqual(['keys.txt'])
})

test('a line put above the others is the key from then on, and the old one still opens', () => {
  const file = join(folder, 'rotated.txt')
  const old = keepSecretKeys(file)
  writeFileSync(file, `${makeSecretKey()}${readFileSync(file, 'utf8')}`)
  const rotated = keepSecretKeys(file)
  expect(rotated.activeId).not.toBe(old.activeId)
  expect(rotated.known.has(old.activeId)).toBe(true)
})
