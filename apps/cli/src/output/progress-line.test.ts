import type { RunProgress } from '@orrery/client'
import { expect, test } from 'vitest'
import { createRate, describeProgress } from './progress-line.ts'

const progress: RunProgress = {
  runId: 'run_1',
  workflow: 'triage',
  automation: null,
  pipeline: null,
  status: 'running',
  done: false,
  createdAt: '2026-01-01T00:00:00.000Z',
  steps: 1204,
  attempts: 0,
  last: 'assess',
  estimate: { done: 1200, total: 3000 },
  connected: true,
  result: null,
}
const now = Date.parse('2026-01-01T00:00:23.900Z')

test('shows the progress, rate and elapsed time of a run', () => {
  expect(describeProgress(progress, 52.4, now, 10)).toBe(
    'triage  running  1,204 steps  [####      ]  40% of 3,000  52/s  23s  last: assess',
  )
  expect(describeProgress({ ...progress, estimate: null, steps: 1 }, 0, now)).toBe('triage  running  1 step  23s  last: assess')
  expect(describeProgress({ ...progress, connected: false, estimate: null, attempts: 2 }, 0, now)).toBe(
    'triage  running?  1,204 steps  2 failed attempts  23s  no connection, retrying',
  )
  const fired = { ...progress, workflow: 'orrery.pipeline', pipeline: 'briefing', estimate: null }
  expect(describeProgress(fired, 0, now)).toBe('briefing  running  1,204 steps  23s  last: assess')
  expect(describeProgress({ ...fired, automation: 'morning' }, 0, now)).toMatch(/^morning {2}running/)
})

test('computes the rate over the last ten seconds', () => {
  let at = 0
  const rate = createRate(() => at)
  expect(rate({ ...progress, steps: 0 })).toBe(0)
  for (; at < 20_000; at += 1_000) rate({ ...progress, steps: at / 100 })
  expect(rate({ ...progress, steps: 1_200 })).toBeCloseTo((1_200 - 100) / 10, 0)
})
