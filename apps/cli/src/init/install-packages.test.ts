import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { certificate, certificateKey } from '../../../../packages/kernel/src/outside/testing/certificate.fixture.ts'
import { installPackages } from './install-packages.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-install-'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, dependencies: { zod: '4.6.7' } }))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function install(
  registry: string,
  more: Readonly<Record<string, string>> = {},
  signal = new AbortController().signal,
): Promise<string | null> {
  const env = { PATH: process.env.PATH, HOME: folder, npm_config_registry: registry, npm_lifecycle_event: 'orrery', ...more }
  return await installPackages(folder, signal, env).then(
    () => null,
    (thrown: Error) => thrown.message,
  )
}

test("says in a sentence, without npm's stack, that the registry cannot be reached", { timeout: 60_000 }, async () => {
  expect(await install('http://127.0.0.1:1/')).toBe(
    'npm install failed: npm cannot reach http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1. Check the network, the proxy and ' +
      `\`npm config get registry\`.\nThe project files are complete: run npm install in ${folder}`,
  )
})

test('ends npm at an interruption', { timeout: 60_000 }, async () => {
  const interrupt = new AbortController()
  // A registry that never answers.
  const server = createPlainServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const installing = install(registry, {}, interrupt.signal)
    await once(server, 'request')
    interrupt.abort(new Error('stop'))
    expect(await installing).toBe('stop')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test("trusts the system's certificates", { timeout: 60_000 }, async () => {
  const server = createServer({ cert: certificate, key: certificateKey }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const trusted = join(folder, 'trusted.pem')
    writeFileSync(trusted, certificate)
    // It is for another name, which is found only after the certificate has been trusted.
    const registry = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
    expect(await install(registry, { SSL_CERT_FILE: trusted })).toContain("does not match certificate's altnames")
    expect(await install(registry, { SSL_CERT_FILE: trusted, NODE_USE_SYSTEM_CA: '0' })).toContain('self-signed certificate')
  } finally {
    server.close()
  }
})
