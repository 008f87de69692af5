import type { Log } from '../context/kernel.ts'
import { createLoop } from '../loop.ts'
import type { Sweep } from './background-part.ts'

const RETRY_MS = 10_000

/** Runs one loop for each sweep, so that a slow or failing sweep does not delay the others. */
export function runSweeps(sweeps: readonly Sweep[], log: Log): { stop(): Promise<void> } {
  const loops = sweeps.map(({ name, everyMs, sweep }) =>
    createLoop({
      round: async () => ((await sweep()) ? 0 : everyMs),
      onError(error) {
        log.warn({ error, sweep: name }, 'A sweep failed and will be retried')
        return RETRY_MS
      },
    }),
  )
  for (const loop of loops) loop.wake()
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}
