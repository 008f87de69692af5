/** Redis as Debian ships it, which keeps what it has acknowledged: what `REDIS_URL` may name. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const program = '/usr/bin/redis-server'

export interface DebianRedis {
  readonly url: string
  readonly port: number
  /** Starts it, after a kill too, on the same data. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  halt(): void
  resume(): void
  /** Ends it for good. */
  stop(): Promise<void>
}

/** Tests that need it say `describe.runIf(hasDebianRedis())`: elsewhere they are skipped, not failed. */
export const hasDebianRedis = (): boolean => existsSync(program)

/** A server of its own in a temporary folder, not started yet. */
export async function makeDebianRedis(): Promise<DebianRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-redis-'))
  const port = await findPort()
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
  ]
  let server: ChildProcess | null = null
  const kill = async () => {
    const ended = server
    server = null
    if (ended === null || ended.exitCode !== null || ended.signalCode !== null) return
    const exit = once(ended, 'exit')
    ended.kill('SIGKILL')
    await exit
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async start() {
      server = spawn(program, args, { stdio: 'ignore' })
      while (!(await answers(port))) {
        if (server.exitCode !== null) throw new Error(`Redis ended at its start with ${server.exitCode}`)
        await delay(20)
      }
    },
    kill,
    halt: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('A port was asked for')
  return address.port
}

/** It listens before it has read its data; then it says LOADING. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const done = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('data', (data) => done(data.toString().startsWith('+PONG')))
    socket.once('error', () => done(false))
  })
}
