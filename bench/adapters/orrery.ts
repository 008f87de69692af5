/** Orrery's engine alone: with a real bundle in the real sandbox and with events, but without API, audit and permission checks. */
import { openEngine, type Prepared, prepareEngine } from '../engine.ts'
import type { OpenedPeer, Peer, PeerOptions } from './peer.ts'

const resolved = 'engine.result() resolved (the result is committed)'
const START_MANY = 512

async function open({ role, cell, database, steps, slots, done }: PeerOptions<Prepared>): Promise<OpenedPeer> {
  let ended = 0
  // The worker counts the runs of a backlog. It did not start them, so it does not know their numbers.
  const counting = cell === 'drain' && role === 'worker'
  const engine = await openEngine({
    database,
    role,
    slots,
    ...(counting ? { observe: (fact) => (fact.type === 'finished' ? done(++ended) : undefined) } : {}),
  })
  const begin = () => engine.start('count', { steps })
  return {
    async start(i) {
      const run = await begin()
      void engine.finished(run).then(() => done(i))
    },
    async startMany(_from, count) {
      let left = count
      const lane = async () => {
        while (left-- > 0) await begin()
      }
      await Promise.all(Array.from({ length: START_MANY }, lane))
    },
    close: () => engine.close(),
  }
}

export const peer: Peer<Prepared> = {
  name: 'Orrery, engine alone',
  package: null,
  server: 'postgres',
  cells: {
    'load-1': resolved,
    'load-5': resolved,
    one: resolved,
    across: `${resolved}, in the process that started the run`,
    drain: 'the worker saw its commit',
  },
  prepare: ({ database }) => prepareEngine(database),
  open,
}
