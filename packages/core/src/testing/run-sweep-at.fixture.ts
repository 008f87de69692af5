import { createAutomationsFeature } from '../automations/feature.ts'
import type { TestCore } from './start-test-core.ts'

/** Runs one batch of a sweep of automations at the given time. */
export async function runSweepAt(t: TestCore, name: string, ms: number): Promise<void> {
  const { sweeps = [] } = createAutomationsFeature({ ...t.core.kernel, clock: { now: () => ms } }, () => undefined)
  const found = sweeps.find((sweep) => sweep.name === name)
  if (found === undefined) throw new Error(`There is no sweep ${name}`)
  await found.sweep()
}
