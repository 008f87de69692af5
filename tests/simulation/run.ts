/**
 * Runs the simulation for many seeds:
 *   node --conditions=orrery-source tests/simulation/run.ts --seeds 20000 --from 1 [--jobs 2] [--no-fence] [--recheck 50]
 *   node --conditions=orrery-source tests/simulation/run.ts --seed 7            one seed, with its trace
 * `--recheck n`: every n-th seed is run twice and must come out the same to the byte. `--no-fence` is the negative
 * control: it must find violations, and exits 0 only if it does.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Tally } from './run-seeds.ts'
import { runSeeds } from './run-seeds.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    recheck: { type: 'string', default: '50' },
    seed: { type: 'string' },
    'no-fence': { type: 'boolean', default: false },
    part: { type: 'boolean', default: false },
  },
})

const order = { from: Number(values.from), seeds: Number(values.seeds), fencing: !values['no-fence'], recheck: Number(values.recheck) }

if (values.seed !== undefined) {
  const tally = await runSeeds({ ...order, from: Number(values.seed), seeds: 1, recheck: 1, onLine: (line) => console.log(line) })
  report([tally])
} else if (values.part) {
  const tally = await runSeeds(order)
  process.send?.(tally)
} else {
  const jobs = Number(values.jobs)
  const share = Math.ceil(order.seeds / jobs)
  const started = performance.now()
  const parts = Array.from({ length: jobs }, (_, job) => runPart(order.from + job * share, Math.min(share, order.seeds - job * share)))
  report(await Promise.all(parts), (performance.now() - started) / 1000)
}

function runPart(from: number, seeds: number): Promise<Tally> {
  const args = [
    '--part',
    '--from',
    `${from}`,
    '--seeds',
    `${seeds}`,
    '--recheck',
    `${order.recheck}`,
    ...(order.fencing ? [] : ['--no-fence']),
  ]
  const child = fork(import.meta.filename, args, { execArgv: ['--conditions=orrery-source'] })
  return new Promise((resolve, reject) => {
    child.once('message', (tally) => resolve(tally as Tally))
    child.once('exit', (code) => reject(new Error(`the part from seed ${from} ended with code ${code}`)))
  })
}

function report(tallies: readonly Tally[], seconds?: number): void {
  const sum = (pick: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + pick(tally), 0)
  const seeds = sum((tally) => tally.seeds)
  const failed = tallies.flatMap((tally) => tally.failed)
  const counts = Object.keys(tallies[0]?.counts ?? {}).map((name) => `${sum((tally) => tally.counts[name] ?? 0)} ${name}`)
  const speed = seconds === undefined ? '' : ` in ${seconds.toFixed(1)} s (${Math.round(seeds / seconds)} seeds/s)`
  console.log(
    `${seeds} seeds, ${sum((tally) => tally.events)} events${speed}: ${counts.join(', ')}; ${sum((tally) => tally.rechecked)} run twice`,
  )
  for (const { seed, problems } of failed.slice(0, 40)) console.log(`seed ${seed}: ${problems.slice(0, 3).join(' | ')}`)
  console.log(`${sum((tally) => tally.failures)} seeds failed`)
  const found = failed.length > 0
  process.exitCode = found === order.fencing ? 1 : 0
}
