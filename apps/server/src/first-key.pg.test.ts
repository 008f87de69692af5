/** The first key is shown only once, so a start that fails before it can show the key withdraws it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../../../tests/support/database.ts'
import { startServer } from './compose.ts'
import { readConfig } from './config.ts'
import { createLogger } from './observe/logger.ts'

test('shows a valid key at the next start after a first start failed because of a project that does not build', async () => {
  const database = await createTestDatabase()
  const data = mkdtempSync(join(tmpdir(), 'orrery-first-key-'))
  const project = join(data, 'project')
  const log = createLogger({ level: 'silent', format: 'json' })
  const flags = ['--port', '0', '--data', data, '--roles', 'api']
  const start = (...more: string[]) => startServer(readConfig({ DATABASE_URL: database.url }, [...flags, ...more]), log)
  try {
    mkdirSync(join(project, 'workflows'), { recursive: true })
    writeFileSync(join(project, 'workflows/broken.ts'), 'export const = 1')
    await expect(start('--project', project)).rejects.toThrow(/does not build/)
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
