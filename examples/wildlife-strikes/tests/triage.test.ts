import { readFile } from 'node:fs/promises'
import { testWorkflow } from '@orrery/sdk/testing'
import { expect, test } from 'vitest'
import type { Report } from '../workflows/report.ts'
import { triage } from '../workflows/triage.ts'

const file = new URL('../data/strikes-3000.json', import.meta.url)
const { reports } = JSON.parse(await readFile(file, 'utf8')) as { reports: Report[] }

test('triages all 3,000 reports and writes the summary in one step', async () => {
  const result = await testWorkflow(triage, { input: { reports, paceMs: 0 }, steps: { 'write-report': { file: 'report.md', bytes: 1 } } })
  expect(result.error).toBeNull()
  expect(result.steps.filter(({ name }) => name === 'assess')).toHaveLength(3000)
  expect(result.steps.filter(({ name }) => name === 'write-report')).toHaveLength(1)
  expect(result.output).toMatchObject({ report: 'report.md', reportedUsd: 14_337_663 })
  const { inspect = 0, review = 0, file: filed = 0 } = result.output?.counts ?? {}
  expect(inspect + review + filed).toBe(3000)
}, 60_000)

test('inspects substantial damage, reviews an unknown damage code, and estimates a missing cost by the median of the same damage', async () => {
  const [first] = reports
  if (first === undefined) throw new Error('the data file is empty')
  const quiet = { ...first, speedKnots: 100, size: 'Small' as const }
  const input = [
    { ...quiet, id: 1, damage: 'Substantial', costUsd: 900 },
    { ...quiet, id: 2, damage: 'Substantial', costUsd: 0 },
    { ...quiet, id: 3, damage: 'C', costUsd: 0 },
    { ...quiet, id: 4, damage: 'None', costUsd: 0 },
  ]
  const result = await testWorkflow(triage, { input: { reports: input, paceMs: 0 }, steps: { 'write-report': { file: 'x', bytes: 1 } } })
  expect(result.output).toMatchObject({ counts: { inspect: 2, review: 1, file: 1 }, reportedUsd: 900, estimatedUsd: 900 })
})
