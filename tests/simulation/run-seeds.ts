import { fileURLToPath } from 'node:url'
import { buildBundle } from '../../packages/engine/src/bundle/build-bundle.ts'
import { shareSandbox } from '../../packages/engine/src/testing/simulation/shared-sandbox.ts'
import type { SimulationResult } from '../../packages/engine/src/testing/simulation.ts'
import { simulate } from '../../packages/engine/src/testing/simulation.ts'

export interface SeedsOrder {
  readonly from: number
  readonly seeds: number
  readonly fencing: boolean
  /** Every so many seeds one is run twice. */
  readonly recheck: number
  readonly onLine?: (line: string) => void
}

export interface Tally {
  seeds: number
  events: number
  rechecked: number
  failures: number
  /** The first few. */
  readonly failed: { readonly seed: number; readonly problems: readonly string[] }[]
  readonly counts: Record<string, number>
}

const KEPT_MAX = 50
const root = fileURLToPath(new URL('../../packages/engine/src/testing/simulation/', import.meta.url))

export async function runSeeds({ from, seeds, fencing, recheck, onLine }: SeedsOrder): Promise<Tally> {
  const bundle = await buildBundle({ entries: [`${root}workflows.ts`], root })
  // The same workflows under another name: what is deployed in the middle.
  const bundles = [bundle, { ...bundle, code: `${bundle.code}\n//`, hash: bundle.hash.replace(/^./, 'x') }]
  const sandbox = shareSandbox()
  const tally: Tally = { seeds: 0, events: 0, rechecked: 0, failures: 0, failed: [], counts: {} }
  const stray: string[] = []
  const onStray = (error: unknown): void => void stray.push(`nobody handled: ${error instanceof Error ? error.stack : String(error)}`)
  process.on('unhandledRejection', onStray)
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await simulate({ seed, bundles, sandbox, fencing, ...(onLine ? { onLine } : {}) })
    const problems = [...result.problems, ...stray.splice(0)]
    if (seed % recheck === 0) {
      tally.rechecked++
      const again = await simulate({ seed, bundles, sandbox, fencing })
      if (again.hash !== result.hash) problems.push(`the seed came out as ${result.hash} and as ${again.hash}`)
    }
    add(tally, result, problems)
  }
  process.off('unhandledRejection', onStray)
  return tally
}

function add(tally: Tally, result: SimulationResult, problems: readonly string[]): void {
  tally.seeds++
  tally.events += result.events
  for (const [name, count] of result.counts) tally.counts[name] = (tally.counts[name] ?? 0) + count
  if (problems.length === 0) return
  tally.failures++
  if (tally.failed.length < KEPT_MAX) tally.failed.push({ seed: result.seed, problems })
}
