import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildBundle } from '../../packages/engine/src/bundle/build-bundle.ts'
import { shareSandbox } from '../../packages/engine/src/testing/simulation/shared-sandbox.ts'
import { type SimulationResult, simulate } from '../../packages/engine/src/testing/simulation.ts'
import { addResult, newTally, type SeedsOrder, type Tally } from './tally.ts'

const workflows = fileURLToPath(new URL('../../packages/engine/src/testing/simulation/workflows.ts', import.meta.url))

export type SeedsRunner = (order: SeedsOrder, onLine?: (line: string) => void) => Promise<Tally>

/** Creates everything that all seeds need, once per process. */
export async function openRunner(): Promise<SeedsRunner> {
  const bundle = await buildBundle({ entries: [workflows], root: dirname(workflows) })
  // The same workflows as a second version, to deploy during a simulation.
  const bundles = [bundle, { ...bundle, code: `${bundle.code}\n//`, hash: bundle.hash.replace(/^./, 'x') }]
  const sandbox = shareSandbox()
  const stray: string[] = []
  process.on('unhandledRejection', (error) => stray.push(`unhandled: ${error instanceof Error ? error.stack : String(error)}`))

  const run = async (seed: number, fencing: boolean, onLine?: (line: string) => void): Promise<[SimulationResult, string[]]> => {
    const result = await simulate({ seed, bundles, sandbox, fencing, ...(onLine ? { onLine } : {}) })
    return [result, [...result.problems, ...stray.splice(0)]]
  }
  return async ({ from, seeds, fencing, recheck }, onLine) => {
    const tally = newTally()
    for (let seed = from; seed < from + seeds; seed++) {
      const [result, problems] = await run(seed, fencing, onLine)
      if (seed % recheck === 0) {
        tally.rechecked++
        const [again] = await run(seed, fencing)
        if (again.hash !== result.hash) problems.push(`two runs of the seed have the hashes ${result.hash} and ${again.hash}`)
      }
      addResult(tally, result, problems)
    }
    return tally
  }
}
