import { expect, it } from 'vitest'
import { runCrashPoints } from './crash-points.ts'

it('every run survives the death of its process at any failpoint', async () => {
  const report = await runCrashPoints((line) => console.log(line))
  expect(report.cases).toBeGreaterThan(200)
  expect(report).toMatchObject({ missed: [], unfinished: [], findings: [] })
})
