import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { runParts } from './run-parts.ts'
import { describeFailure, describeTally } from './tally.ts'

const SEEDS = Number(process.env.ORRERY_SIMULATION_SEEDS ?? 20_000)
const FROM = Number(process.env.ORRERY_SIMULATION_FROM ?? 1)

/** Events that must occur often in this number of seeds; otherwise the simulation proves less than it claims. */
const EXPECTED_EVENTS = [
  ...['crashes', 'pauses', 'stops', 'outages', 'fenced', 'lost', 'replays'],
  ...['signal', 'cancel', 'terminate', 'pause', 'resume', 'query', 'retry', 'fork', 'deploy', 'limit', 'queue'],
  ...['succeeded', 'cancelled', 'timed_out', 'existing', 'debounced', 'refused', 'closed children'],
  ...['step', 'attempt', 'sleep', 'signal', 'child', 'cancel', 'patch', 'generation'].map((kind) => `${kind} rows`),
]

test(`${SEEDS} seeds from ${FROM} break no invariant, and a second run is identical`, async () => {
  const started = performance.now()
  const tally = await runParts({ from: FROM, seeds: SEEDS, fencing: true, recheck: 50 }, availableParallelism())
  console.log(describeTally(tally, (performance.now() - started) / 1000))
  expect(tally.failed.map(describeFailure)).toEqual([])
  expect(tally).toMatchObject({ seeds: SEEDS, failures: 0 })
  expect(tally.rechecked).toBeGreaterThanOrEqual(Math.floor(SEEDS / 50))
  const rare = EXPECTED_EVENTS.filter((event) => (tally.counts[event] ?? 0) < SEEDS / 10_000)
  expect(rare).toEqual([])
})

/** Seeds of long runs that showed a defect. The commit that fixed it describes each. */
const SHOWED_A_DEFECT = [32_798, 151_992, 196_605, 232_453, 925_897, 30_019_662, 40_010_921, 70_451_257]

test.each(SHOWED_A_DEFECT)('seed %i, which once showed a defect, breaks no invariant', async (from) => {
  const tally = await runParts({ from, seeds: 1, fencing: true, recheck: 1 }, 1)
  expect(tally.failed.map(describeFailure)).toEqual([])
})

test('without the fence some of a few hundred seeds break an invariant', async () => {
  const started = performance.now()
  const tally = await runParts({ from: FROM, seeds: 600, fencing: false, recheck: 50 }, availableParallelism())
  console.log(`without the fence: ${describeTally(tally, (performance.now() - started) / 1000)}`)
  expect(tally.failures).toBeGreaterThan(5)
  expect(tally.failed.map(describeFailure).join('\n')).toMatch(/I5|I2|I1:/)
})
