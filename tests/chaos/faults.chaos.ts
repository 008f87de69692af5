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

/** Whether a process that was paused had something to write when it woke is chance: most seeds show it, and one has to. */
const SEEDS_MAX = 6

it('would notice if the fence were missing', async () => {
  const rules: string[] = []
  for (let count = 0; count < SEEDS_MAX && !rules.includes(STALE_WRITE); count++) {
    const report = await runChaos({ ...CONTROL, seed: newSeed(), withoutFence: true, log })
    log(describeReport(report))
    rules.push(...report.findings.map(({ rule }) => rule))
  }
  expect(rules).toContain(STALE_WRITE)
})
