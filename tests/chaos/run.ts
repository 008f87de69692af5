/**
 * `npm run chaos`: kills and pauses real processes and a real PostgreSQL while runs go through them. Ends with 1 if any promise was broken.
 *
 *     npm run chaos -- [--full] [--seed N] [--no-fence] [--runs N] [--kills N] [--pauses N] [--database-kills N]
 */
import { parseArgs } from 'node:util'
import { describeReport } from './describe-report.ts'
import { runChaos } from './run-chaos.ts'
import { CI, CONTROL, FULL } from './sizes.ts'

const count = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    'no-fence': { type: 'boolean', default: false },
    seed: count,
    runs: count,
    kills: count,
    pauses: count,
    'database-kills': count,
  },
})
const size = values.full ? FULL : values['no-fence'] ? CONTROL : CI
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed)
console.log(`seed ${seed}`)
const report = await runChaos({
  ...size,
  ...(values.runs ? { runs: Number(values.runs) } : {}),
  ...(values.kills ? { kills: Number(values.kills) } : {}),
  ...(values.pauses ? { pauses: Number(values.pauses) } : {}),
  ...(values['database-kills'] ? { databaseKills: Number(values['database-kills']) } : {}),
  seed,
  withoutFence: values['no-fence'],
  log: (line) => console.log(line),
})
console.log(describeReport(report))
process.exitCode = report.findings.length === 0 ? 0 : 1
