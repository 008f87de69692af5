import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { keepAuditKey } from './keep-audit-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'orrery-audit-key-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the key is made once, is kept, and is for its owner alone', () => {
  const file = join(folder, 'inside', 'key.pem')
  const [first, again] = [keepAuditKey(file), keepAuditKey(file)]
  expect([...again.known.keys()]).toEqual([...first.known.keys()])
  expect(readFileSync(file, 'utf8')).toContain('PRIVATE KEY')
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'inside'))).toEqual(['key.pem'])
})
