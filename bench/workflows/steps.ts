/** The steps of the benchmarks do nothing, because the benchmarks measure the engine. */
import { setTimeout as sleep } from 'node:timers/promises'
import { step } from '@orrery/engine/workflow'

export const add = step('add', async (k: number) => k)

/** Keeps a run in flight, so that its worker can be killed. */
export const pause = step('pause', async (ms: number) => {
  await sleep(ms)
  return ms
})
