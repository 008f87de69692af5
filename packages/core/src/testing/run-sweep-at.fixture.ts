import type { TestCore } from '../../../../tests/support/start-test-core.ts'
import { createFeatures } from '../features.ts'

/** Runs one batch of a sweep of any feature at the given time. */
export async function runSweepAt(t: TestCore, name: string, ms: number): Promise<void> {
  const kernel = { ...t.core.kernel, clock: { now: () => ms } }
  const features = createFeatures(kernel, { relay: null, observeFirings: () => undefined })
  const found = features.flatMap(({ sweeps = [] }) => sweeps).find((sweep) => sweep.name === name)
  if (found === undefined) throw new Error(`There is no sweep ${name}`)
  await found.sweep()
}
