/** Runs Orrery's server in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { OpenedPeer } from './adapters/peer.ts'
import { freePort } from './servers.mjs'
import { until } from './until.mjs'

export interface Offer {
  readonly port: number
  readonly key: string
}

const READY_LIMIT_MS = 30_000
const bench = import.meta.dirname

/** Starts the server's entry point. The database must be empty, because only then does the start print a key. */
export async function openServer(database: string, slots: number): Promise<OpenedPeer<Offer>> {
  const port = await freePort()
  const main = join(bench, '../apps/server/src/main.ts')
  const own = {
    PORT: String(port),
    DATABASE_URL: database,
    ORRERY_PROJECT: bench,
    ORRERY_SLOTS: String(slots),
    ORRERY_REQUESTS_PER_SECOND: '100000',
    ORRERY_LOG_LEVEL: 'warn',
  }
  const server = spawn(process.execPath, ['--conditions=orrery-source', main], {
    env: { ...process.env, ...own },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => server.kill('SIGKILL'))
  const key = await readKey(server)
  await until('the server answers', READY_LIMIT_MS, async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok)
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const close = async () => {
    server.kill('SIGTERM')
    await ended
  }
  return { start: () => Promise.reject(new Error('the server process starts no runs; use the client')), close, offer: { port, key } }
}

function readKey(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(new Error(`the server printed no key within ${READY_LIMIT_MS} ms: ${text}`)), READY_LIMIT_MS)
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${text}`)))
    server.stdout?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-10_000)
      const key = /\borr_[\w-]{20,}/.exec(text)?.[0]
      if (key === undefined) return
      clearTimeout(timer)
      resolve(key)
    })
  })
}
