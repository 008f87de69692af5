import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import type { CallFault } from '../store/memory/faults.ts'
import { noFault } from '../store/memory/faults.ts'
import type { RunId } from '../store/store.ts'
import { Ambiguous, Fenced } from '../store/store.ts'
import type { Batch } from './batch.ts'
import { systemClock } from './clock.ts'
import { Flusher } from './flusher.ts'

const info = { host: 'test', pid: 1, version: '0', queues: [], slots: 1, steps: [], orgs: null }

interface Story {
  /** The flush of this number finds its connection broken. */
  readonly breaksAt?: number
  /** After the first flush that was done, the registration is given up for another. */
  readonly losesRegistration?: boolean
}

/** Three runs with a row each; the store refuses that of the first, so the batch is written run by run. Answers how it was lost. */
async function flushApart({ breaksAt, losesRegistration = false }: Story) {
  let flushes = 0
  const call = (method: string): CallFault => ({ ...noFault, broken: method === 'flush' && ++flushes === breaksAt ? 'before' : 'no' })
  const { tables, connect } = createMemoryDatabase({ clock: systemClock, faults: { call, hint: () => ({ lost: true, delayMs: 0 }) } })
  const store = connect()
  const first = (await store.register(info)).worker
  const second = (await store.register(info)).worker
  let worker = first
  const lost = Promise.withResolvers<{ cause: Error; batches: readonly Batch[] }>()
  const flusher = new Flusher({
    store,
    clock: systemClock,
    worker: () => worker,
    onLost: (cause, batches) => lost.resolve({ cause, batches }),
    onRefused: () => {},
    onFlushed: () => {
      const row = tables.workers.get(first)
      if (!losesRegistration || row === undefined) return
      row.fenced = true
      worker = second
    },
  })
  const org = randomUUID()
  const runs: readonly RunId[] = Array.from({ length: 3 }, () => randomUUID())
  const row = { org, seq: 1, kind: 'step', cmd: 1, input: null, output: null, error: null, attempt: 1, startedAt: 0, at: 0 } as const
  const answers: string[] = []
  for (const [i, run] of runs.entries()) {
    flusher.add(run, 'journal', { ...row, run, name: i === 0 ? 'NUL \0' : 'sound' })
    flusher.whenDurable(run, (error) => answers.push(error?.name ?? 'durable'))
  }
  const { cause, batches } = await lost.promise
  const waiting = batches.flatMap(({ waiters }) => waiters.map(({ unit }) => runs.indexOf(unit)))
  return { cause, waiting, answers, written: tables.journal.size }
}

it('writes what is left of a batch under no other registration than the one it was put together under', async () => {
  const { cause, ...seen } = await flushApart({ losesRegistration: true })
  expect(cause).toBeInstanceOf(Fenced)
  expect(seen).toEqual({ answers: ['Refused', 'durable'], written: 1, waiting: [2] })
})

it('keeps those who wait for runs that were still to be written when the connection breaks', async () => {
  const { cause, ...seen } = await flushApart({ breaksAt: 3 })
  expect(cause).toBeInstanceOf(Ambiguous)
  expect(seen).toEqual({ answers: ['Refused'], written: 0, waiting: [1, 2] })
})
