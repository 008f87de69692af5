/**
 * `npm run chaos`: real processes that execute runs, and a real PostgreSQL, are killed and stopped, their networks are spoilt and the disk
 * gets full. Exits with 1 if any promise was broken.
 *
 * `npm run chaos -- [--full] [--seed N] [--no-fence] [--runs N]`, and a count for each kind of fault: `--kills N`, `--database-kills N`, …
 *
 * `--no-fence` is the negative control: it must find stale writes, and exits with 0 only if it does.
 */
import { parseArgs } from 'node:util'
import { describeReport } from './describe-report.ts'
import { FAULTS, type FaultCounts, type FaultKind } from './faults.ts'
import { STALE_WRITE } from './oracle.ts'
import { runChaos } from './run-chaos.ts'
import { CI, CONTROL, FULL } from './sizes.ts'

const count = { type: 'string' } as const
const kinds = Object.keys(FAULTS) as FaultKind[]
const flagOf = (kind: FaultKind): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    'no-fence': { type: 'boolean', default: false },
    seed: count,
    runs: count,
    ...Object.fromEntries(kinds.map((kind) => [flagOf(kind), count])),
  },
})
const size = values.full ? FULL : values['no-fence'] ? CONTROL : CI
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed)
const given: Readonly<Record<string, string | boolean | undefined>> = values
const faults = Object.fromEntries(kinds.map((kind) => [kind, Number(given[flagOf(kind)] ?? size.faults[kind])])) as FaultCounts
console.log(`seed ${seed}`)
const report = await runChaos({
  ...size,
  ...(values.runs ? { runs: Number(values.runs) } : {}),
  faults,
  seed,
  withoutFence: values['no-fence'],
  log: (line) => console.log(line),
})
console.log(describeReport(report))
const isAsExpected = values['no-fence'] ? report.findings.some(({ rule }) => rule === STALE_WRITE) : report.findings.length === 0
process.exitCode = isAsExpected ? 0 : 1
