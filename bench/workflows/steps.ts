/** The steps of the benchmark do nothing: what is measured is the engine around them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { step } from '@orrery/engine/workflow'

export const add = step('add', async (k: number) => k)

/** For runs that must still be in flight when their worker is killed. */
export const pause = step('pause', async (ms: number) => {
  await sleep(ms)
  return ms
})
