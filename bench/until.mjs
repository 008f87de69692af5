import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Polls `ask` every `everyMs` until the answer is truthy, and returns it. A rejection counts as "not yet". After `ms` it throws, with
 * the last rejection as the cause.
 */
export async function until(what, ms, ask, everyMs = 20) {
  const end = performance.now() + ms
  for (let cause; ; await sleep(everyMs)) {
    try {
      const answer = await ask()
      if (answer) return answer
    } catch (error) {
      cause = error
    }
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`, { cause })
  }
}
