import { setTimeout as sleep } from 'node:timers/promises'

/** Asks every so often until the answer is truthy, and returns it. A failure counts as not yet; after `ms` the last one is the cause of the end. */
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
