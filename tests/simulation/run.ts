/**
 * Runs the simulation for many seeds, on all cores:
 * `npm run simulate -- --seeds 20000 [--from 1] [--processes 2] [--recheck 50] [--no-fence]`
 * `npm run simulate -- --seed 7` runs one seed twice and prints its trace and every call of every process.
 *
 * `--recheck n`: every n-th seed runs twice and must produce the same bytes. `--no-fence` is the negative control: it must find violations,
 * and exits with 0 only if it does. A long run prints the seed from which a later run can continue.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Progress, runParts } from './run-parts.ts'
import { openRunner } from './run-seeds.ts'
import { describeFailure, describeTally } from './tally.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
    recheck: { type: 'string', default: '50' },
    seed: { type: 'string' },
    'no-fence': { type: 'boolean', default: false },
  },
})
const REPORT_MS = 10_000

const fencing = !values['no-fence']
const order = { from: Number(values.from), seeds: Number(values.seeds), fencing, recheck: Number(values.recheck) }
const started = performance.now()
const seconds = (): number => (performance.now() - started) / 1000

const one = values.seed === undefined ? null : Number(values.seed)
const tally =
  one === null
    ? await runParts(order, Number(values.processes), reportProgress())
    : await (await openRunner())({ from: one, seeds: 1, fencing, recheck: 1 }, (line) => console.log(line))
if (one !== null) for (const failure of tally.failed) console.log(describeFailure(failure))
console.log(describeTally(tally, seconds()))
process.exitCode = tally.failures > 0 === fencing ? 1 : 0

function reportProgress(): (progress: Progress) => void {
  let reportedAt = performance.now()
  return ({ tally, latest, doneBelow }) => {
    for (const failure of latest.failed) console.log(describeFailure(failure))
    if (performance.now() - reportedAt < REPORT_MS) return
    reportedAt = performance.now()
    const speed = Math.round(tally.seeds / seconds())
    console.log(`${tally.seeds} of ${order.seeds} seeds, ${speed}/s, ${tally.failures} failed; to continue later: --from ${doneBelow}`)
  }
}
