import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { keepTokenKey } from './keep-token-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'orrery-token-key-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the key is made once, is kept, and is for its owner alone', () => {
  const file = join(folder, 'inside', 'token-key.pem')
  const [first, again] = [keepTokenKey(file), keepTokenKey(file)]
  expect(again.id).toBe(first.id)
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'inside'))).toEqual(['token-key.pem'])
})
