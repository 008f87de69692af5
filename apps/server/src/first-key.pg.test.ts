/** The first key is shown only once, so a start that fails before it can show the key withdraws it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../../../tests/support/database.ts'
import { startServer } from './compose.ts'
import { readConfig } from './config.ts'
import { createLogger } from './observe/logger.ts'

test('shows a valid key at the next start after a first start failed because its port was in use', async () => {
  const database = await createTestDatabase()
  const data = mkdtempSync(join(tmpdir(), 'orrery-first-key-'))
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const log = createLogger({ level: 'silent', format: 'json' })
  const start = (at: number) =>
    startServer(readConfig({ DATABASE_URL: database.url }, ['--port', String(at), '--data', data, '--roles', 'api']), log)
  try {
    await expect(start(port)).rejects.toThrow(/is in use/)
    const running = await start(0)
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
    const again = await start(0)
    expect(again.adminKey).toBeNull()
    await again.stop()
  } finally {
    other.close()
    await database.drop()
    rmSync(data, { recursive: true, force: true })
  }
})
