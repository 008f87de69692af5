/**
 * `npm run chaos`: real processes that execute runs, and a real PostgreSQL, are killed and stopped, their networks are spoilt and the disk
 * gets full. Exits with 1 if any promise was broken.
 *
 * `npm run chaos -- [--full] [--seed N] [--no-fence] [--runs N]`, and a count for each kind of fault: `--kills N`, `--database-kills N`, …
 *
 * `npm run chaos -- --servers [--rounds N]` does it to two whole servers, with their network, disk and clocks: minutes for each round.
 *
 * `--no-fence` is the negative control: it must find stale writes, and exits with 0 only if it does.
 */
import { parseArgs } from 'node:util'
import { describeReport } from './describe-report.ts'
import { FAULTS, type FaultCounts, type FaultKind } from './faults.ts'
import { STALE_WRITE } from './oracle.ts'
import { runChaos } from './run-chaos.ts'
import { runServers } from './servers/run-servers.ts'
import { CI, CONTROL, FULL } from './sizes.ts'

const count = { type: 'string' } as const
const kinds = Object.keys(FAULTS) as FaultKind[]
const flagOf = (kind: FaultKind): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    'no-fence': { type: 'boolean', default: false },
    servers: { type: 'boolean', default: false },
    rounds: count,
    seed: count,
    runs: count,
    ...Object.fromEntries(kinds.map((kind) => [flagOf(kind), count])),
  },
})
const log = (line: string): void => console.log(line)
process.exitCode = values.servers ? await disturbServers() : await killProcesses()

async function disturbServers(): Promise<number> {
  const { findings, ...figures } = await runServers({ rounds: Number(values.rounds ?? 4), scale: 2, isLong: true, log })
  log(JSON.stringify(figures, null, 2))
  for (const { rule, count: many, examples } of findings) log([`VIOLATION ${rule}: ${many}`, ...examples].join('\n    '))
  if (findings.length === 0) log('No violations.')
  return findings.length === 0 ? 0 : 1
}

async function killProcesses(): Promise<number> {
  const size = values.full ? FULL : values['no-fence'] ? CONTROL : CI
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed)
  const given: Readonly<Record<string, string | boolean | undefined>> = values
  const faults = Object.fromEntries(kinds.map((kind) => [kind, Number(given[flagOf(kind)] ?? size.faults[kind])])) as FaultCounts
  log(`seed ${seed}`)
  const report = await runChaos({
    ...size,
    ...(values.runs ? { runs: Number(values.runs) } : {}),
    faults,
    seed,
    withoutFence: values['no-fence'],
    log,
  })
  log(describeReport(report))
  const isAsExpected = values['no-fence'] ? report.findings.some(({ rule }) => rule === STALE_WRITE) : report.findings.length === 0
  return isAsExpected ? 0 : 1
}
