/** Debian's package of Redis, configured so that acknowledged writes survive a kill. A server that `REDIS_URL` may name. */
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
  /** Starts the server. After a kill, it starts again with the same data. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  halt(): void
  resume(): void
  /** Kills the server and deletes its data. */
  stop(): Promise<void>
}

/** Tests that need this server use `describe.runIf(hasDebianRedis())`, so that they are skipped where it is not installed. */
export const hasDebianRedis = (): boolean => existsSync(program)

/** Prepares a server with data in a temporary folder. The caller has to start it. */
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
        if (server.exitCode !== null) throw new Error(`Redis exited with code ${server.exitCode} while it was starting`)
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
  if (address === null || typeof address === 'string') throw new Error('The listening server has no port')
  return address.port
}

/** Whether the server answers PING. It listens before it has loaded its data, and answers LOADING until then. */
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
