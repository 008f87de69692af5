/**
 * Orrery as people run it: a server of its own (API and worker in one process), reached over HTTP with an API key, with orgs,
 * forced row-level security, audit and events on. The client is another process, and learns of ends from the event stream.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import http from 'node:http'
import { join } from 'node:path'
import { makePost } from '../post.mjs'
import { freePort } from '../servers.mjs'
import type { OpenedPeer, Peer, PeerOptions } from './peer.ts'

interface Offer {
  readonly port: number
  readonly key: string
}

const streamed = 'the run.succeeded event arrived on the event stream (it commits with the result)'
const READY_LIMIT_MS = 30_000
const bench = join(import.meta.dirname, '..')

/** The server's own entry point; its first start on an empty database prints a key. */
async function openServer(database: string, slots: number): Promise<OpenedPeer<Offer>> {
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
  await answering(port)
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const close = async () => {
    server.kill('SIGTERM')
    await ended
  }
  return { start: () => Promise.reject(new Error('a server starts nothing by itself')), close, offer: { port, key } }
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

async function answering(port: number): Promise<void> {
  const end = Date.now() + READY_LIMIT_MS
  for (;;) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/health`)).ok) return
    } catch (error) {
      if (Date.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Calls `ended` with the id of every run that succeeds from now on; any other end is an error. */
function followEnds({ port, key }: Offer, ended: (run: string) => void): Promise<http.ClientRequest> {
  const types = ['succeeded', 'failed', 'cancelled', 'timed_out', 'blocked'].map((status) => `type=run.${status}`)
  const path = `/api/v1/events/stream?${types.join('&')}`
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${key}` } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${path}: ${response.statusCode}`))
      let rest = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const frames = (rest + chunk).split('\n\n')
        rest = frames.pop() ?? ''
        for (const frame of frames) {
          const line = frame.split('\n').find((each) => each.startsWith('data:'))
          if (line === undefined) continue
          const event: { type: string; subject: string } = JSON.parse(line.slice(5))
          if (event.type !== 'run.succeeded') throw new Error(`the event stream brought ${line}`)
          ended(event.subject)
        }
      })
      resolve(request)
    })
    request.once('error', reject)
  })
}

async function openClient(offer: Offer, steps: number, done: (run: number) => void): Promise<OpenedPeer<Offer>> {
  const started = new Map<string, number>()
  // An end may arrive before the answer to its start.
  const early = new Set<string>()
  const stream = await followEnds(offer, (run) => {
    const i = started.get(run)
    if (i === undefined) early.add(run)
    else if (started.delete(run)) done(i)
  })
  const post = makePost(offer.port, { authorization: `Bearer ${offer.key}` })
  return {
    async start(i) {
      const { runId }: { runId: string } = JSON.parse(await post('/api/v1/runs', { workflow: 'count', input: { steps } }))
      if (early.delete(runId)) done(i)
      else started.set(runId, i)
    },
    async close() {
      stream.once('error', () => {}) // Breaking it off is an error to the stream, and what we want.
      stream.destroy()
      post.close()
    },
  }
}

export const peer: Peer<null, Offer> = {
  name: 'Orrery, whole product over REST',
  package: null,
  server: 'postgres',
  split: true,
  cells: { 'load-1': streamed, 'load-5': streamed, across: streamed },
  open: ({ role, database, slots, steps, done, offer }: PeerOptions<null, Offer>) =>
    role === 'worker' ? openServer(database, slots) : openClient(offer, steps, done),
}
