import { expect, it } from 'vitest'
import { addToBatch, type Batch, newBatch } from './batch.ts'
import { chooseNext, type FlushState } from './choose-next.ts'

const org = 'org'

/** A batch with one log row for each of these runs. */
function batchOf(runs: readonly string[]): Batch {
  const batch = newBatch()
  for (const run of runs)
    addToBatch(batch, run, 'logs', { org, run, cmd: 1, step: 's', attempt: 1, at: 0, level: 'info', message: 'x', data: null })
  return batch
}

/** The same, and a message from the first run to another one, whose live row the batch then writes. */
function batchTo(other: string, runs: readonly string[]): Batch {
  const batch = batchOf(runs)
  addToBatch(batch, runs[0] ?? '', 'messages', { org, run: other, id: 'id', kind: 'signal', name: 'go', payload: null })
  return batch
}

const runs = (count: number, prefix = 'queued') => Array.from({ length: count }, (_, i) => `${prefix} ${i}`)
const flying = (count: number) => batchOf(runs(count, 'flying'))

interface Case extends Partial<Omit<FlushState, 'flights'>> {
  readonly flights?: readonly Batch[]
}

const choose = ({ flights = [], queued = [batchOf(runs(10))], takesTurns = true, shareMin = 10 }: Case) =>
  chooseNext({ queued, flights: new Set(flights), takesTurns, shareMin })

it.each<[string, ReturnType<typeof choose>, Case]>([
  ['waits when nothing is queued', 'wait', { queued: [] }],
  ['waits when the queued batch is empty', 'wait', { queued: [newBatch()] }],
  ['sends a batch of one run whole when no batch is in flight', 'whole', { queued: [batchOf(runs(1))] }],
  ['sends the oldest batch whole even with a large batch queued behind it', 'whole', { queued: [batchOf(runs(1)), batchOf(runs(99))] }],
  ['halves a batch whose halves are large enough', 'halves', { queued: [batchOf(runs(20))] }],
  ['does not halve a batch whose halves would be too small', 'whole', { queued: [batchOf(runs(19))] }],
  ['does not halve unless process and database take turns', 'whole', { queued: [batchOf(runs(20))], takesTurns: false }],
  ['sends a batch while another of nearly the same size is in flight', 'whole', { queued: [batchOf(runs(18))], flights: [flying(20)] }],
  ['never halves a batch while another is in flight', 'whole', { queued: [batchOf(runs(40))], flights: [flying(20)] }],
  ['holds back a batch much smaller than the one in flight', 'wait', { queued: [batchOf(runs(17))], flights: [flying(20)] }],
  ['holds back a batch below the minimum even beside a smaller one', 'wait', { queued: [batchOf(runs(9))], flights: [flying(1)] }],
  [
    'holds back a batch that has a run in common with the one in flight',
    'wait',
    { queued: [batchOf([...runs(20), 'flying 3'])], flights: [flying(20)] },
  ],
  ['holds back a message to a run in flight', 'wait', { queued: [batchTo('flying 3', runs(20))], flights: [flying(20)] }],
  [
    'holds back a run to which a message is in flight',
    'wait',
    { queued: [batchOf(runs(20))], flights: [batchTo('queued 3', runs(20, 'flying'))] },
  ],
  [
    'holds back a second message to the same run',
    'wait',
    { queued: [batchTo('a', runs(20))], flights: [batchTo('a', runs(20, 'flying'))] },
  ],
  ['sends no third batch', 'wait', { queued: [batchOf(runs(20))], flights: [flying(20), batchOf(runs(20, 'also'))] }],
])('%s', (_name, expected, state) => {
  expect(choose(state)).toBe(expected)
})
