import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { installPackages } from './install-packages.ts'

test("says in a sentence, without npm's stack, that the registry cannot be reached", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-install-'))
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, dependencies: { zod: '4.6.7' } }))
    const env = { PATH: process.env.PATH, HOME: folder, npm_config_registry: 'http://127.0.0.1:1/', npm_lifecycle_event: 'orrery' }
    const error = await installPackages(folder, env).then(
      () => null,
      (thrown: Error) => thrown.message,
    )
    expect(error).toBe(
      'npm install failed: npm cannot reach http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1. Check the network, the proxy and ' +
        `\`npm config get registry\`.\nThe project files are complete: run npm install in ${folder}`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
