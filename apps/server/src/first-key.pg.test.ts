/** The first key is shown only once, so a start that fails before it can show the key withdraws it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../../../tests/support/database.ts'
import { startServer } from './compose.ts'
import { readConfig } from './config.ts'
import { createLogger } from './observe/logger.ts'

test('shows a valid key at the next start after a first start failed because of a file that it reads later', async () => {
  const database = await createTestDatabase()
  const data = mkdtempSync(join(tmpdir(), 'orrery-first-key-'))
  const tokenKey = join(data, 'token-key.pem')
  const log = createLogger({ level: 'silent', format: 'json' })
  const start = () => startServer(readConfig({ DATABASE_URL: database.url }, ['--port', '0', '--data', data, '--roles', 'api']), log)
  try {
    writeFileSync(tokenKey, 'no key')
    await expect(start()).rejects.toThrow(/token-key\.pem/)
    rmSync(tokenKey)
    const running = await start()
    try {
      const keys = await fetch(`${running.url}/api/v1/keys`, { headers: { authorization: `Bearer ${running.adminKey}` } })
      expect(keys.status).toBe(200)
      // The key of the failed start, which was never shown, is revoked.
      expect(((await keys.json()) as { items: { revokedAt: string | null }[] }).items.map(({ revokedAt }) => revokedAt)).toEqual([
        null,
        expect.any(String),
      ])
    } finally {
      await running.stop()
    }
    const again = await start()
    expect(again.adminKey).toBeNull()
    await again.stop()
  } finally {
    await database.drop()
    rmSync(data, { recursive: true, force: true })
  }
})
