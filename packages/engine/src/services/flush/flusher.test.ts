import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { systemClock } from '../../clock.ts'
import { createMemoryDatabase } from '../../store/memory/create-memory-store.ts'
import { type CallFault, noFault } from '../../store/memory/faults.ts'
import type { RunId } from '../../store/store.ts'
import { Ambiguous, Fenced } from '../../store/store-errors.ts'
import type { Batch } from './batch.ts'
import { Flusher } from './flusher.ts'

const info = { host: 'test', pid: 1, version: '0', queues: [], slots: 1, steps: [], orgs: null }

interface Story {
  /** The number of the flush whose connection breaks. */
  readonly breaksAt?: number
  /** After the first successful flush, the registration is replaced by another. */
  readonly losesRegistration?: boolean
}

/**
 * Flushes three runs with a row each. The store rejects the first run's row, so the batch is written run by run. Returns how the flusher
 * lost it.
 */
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
    shareMin: 24,
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

it('writes the rest of a split batch only under the registration that built it', async () => {
  const { cause, ...seen } = await flushApart({ losesRegistration: true })
  expect(cause).toBeInstanceOf(Fenced)
  expect(seen).toEqual({ answers: ['Refused', 'durable'], written: 1, waiting: [2] })
})

it('keeps the waiters of unwritten runs when the connection breaks', async () => {
  const { cause, ...seen } = await flushApart({ breaksAt: 3 })
  expect(cause).toBeInstanceOf(Ambiguous)
  expect(seen).toEqual({ answers: ['Refused'], written: 0, waiting: [1, 2] })
})

/** A flusher whose flushes are recorded when they begin and end when the test says so. */
function holdFlushes(shareMin: number) {
  const { connect } = createMemoryDatabase({
    clock: systemClock,
    faults: { call: () => noFault, hint: () => ({ lost: true, delayMs: 0 }) },
  })
  const store = connect()
  const begun: { readonly runs: number; readonly end: () => void }[] = []
  const held: typeof store = Object.create(store, {
    flush: {
      value: async (batch: Parameters<typeof store.flush>[0]) => {
        const gate = Promise.withResolvers<void>()
        begun.push({ runs: new Set(batch.logs.map(({ run }) => run)).size, end: gate.resolve })
        await gate.promise
        return store.flush(batch)
      },
    },
  })
  const flusher = new Flusher({
    store: held,
    clock: systemClock,
    worker: () => null,
    shareMin,
    onLost: (cause) => expect.unreachable(cause.message),
    onRefused: () => {},
    onFlushed: () => {},
  })
  const row = { org: randomUUID(), cmd: 1, step: 's', attempt: 1, at: 0, level: 'info', message: 'here', data: null } as const
  const add = (run: RunId) => flusher.add(run, 'logs', { ...row, run })
  return { flusher, begun, add }
}

it('sends two halves of a large batch at once and holds back further rows of their runs', async () => {
  const { flusher, begun, add } = holdFlushes(2)
  const runs: readonly RunId[] = Array.from({ length: 8 }, () => randomUUID())
  const durable: number[] = []
  for (const [i, run] of runs.entries()) {
    add(run)
    flusher.whenDurable(run, () => durable.push(i))
  }
  await expect.poll(() => begun.map((one) => one.runs)).toEqual([4, 4])
  for (const run of runs.slice(2, 6)) add(run)
  begun[1]?.end()
  await expect.poll(() => durable).toEqual([4, 5, 6, 7])
  expect([flusher.isDurable(runs[0] ?? ''), flusher.isDurable(runs[2] ?? ''), flusher.isDurable(runs[7] ?? '')]).toEqual([
    false,
    false,
    true,
  ])
  expect(begun).toHaveLength(2)
  begun[0]?.end()
  await expect.poll(() => begun.map((one) => one.runs)).toEqual([4, 4, 4])
  expect(durable).toEqual([4, 5, 6, 7, 0, 1, 2, 3])
  // Rows were queued when the last flush returned, so the process has enough to do without halves.
  begun[2]?.end()
  await expect.poll(() => flusher.idle).toBe(true)
})

it('sends a second batch beside the first once it is nearly as large', async () => {
  const { begun, add, flusher } = holdFlushes(3)
  for (let i = 0; i < 5; i++) add(randomUUID())
  await expect.poll(() => begun.map((one) => one.runs)).toEqual([5])
  for (let i = 0; i < 4; i++) add(randomUUID())
  await turns()
  expect(begun).toHaveLength(1)
  add(randomUUID())
  await expect.poll(() => begun.map((one) => one.runs)).toEqual([5, 5])
  for (const { end } of begun) end()
  await expect.poll(() => flusher.idle).toBe(true)
})

/** More turns of the event loop than the flusher needs to send queued rows. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}
