import { expect, it } from 'vitest'
import { describeReport } from './describe-report.ts'
import { STALE_WRITE } from './oracle.ts'
import { runChaos } from './run-chaos.ts'
import { CI, CONTROL } from './sizes.ts'

const log = (line: string) => console.log(line)
const newSeed = () => Math.floor(Math.random() * 1e9)

it('keeps its promises while processes and PostgreSQL are killed and paused', async () => {
  const report = await runChaos({ ...CI, seed: newSeed(), withoutFence: false, log })
  log(describeReport(report))
  expect(report.findings).toEqual([])
})

it('would notice if the fence were missing', async () => {
  const report = await runChaos({ ...CONTROL, seed: newSeed(), withoutFence: true, log })
  log(describeReport(report))
  expect(report.findings.map(({ rule }) => rule)).toContain(STALE_WRITE)
})
