import { expect, it } from 'vitest'
import { runCrashPoints } from './crash-points.ts'

it('survives a process that dies at any named point, with every workflow', async () => {
  const report = await runCrashPoints((line) => console.log(line))
  expect(report.cases).toBeGreaterThan(200)
  expect(report).toMatchObject({ missed: [], unfinished: [], findings: [] })
})
