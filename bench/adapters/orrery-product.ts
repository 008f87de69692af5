/**
 * The whole product: a server process (API and worker in one), called over HTTP with an API key, with organizations, forced
 * row-level security, audit and events. The client is another process, which follows the event stream to see runs end.
 */
import http from 'node:http'
import { makePost } from '../post.mjs'
import { type Offer, openServer } from '../product-server.ts'
import type { OpenedPeer, Peer, PeerOptions } from './peer.ts'

const streamed = 'the run.succeeded event arrived on the event stream (it commits with the result)'

/** Calls `ended` with the id of every run that succeeds from now on. Any other outcome is an error. */
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
  // The event of a run's end may arrive before the response to its start.
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
      stream.once('error', () => {}) // Destroying the stream emits an error, which is expected.
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
