import { setTimeout as pause } from 'node:timers/promises'

/** Asks again until the answer is good. @throws after `withinMs`, with the last answer */
export async function eventually<T>(ask: () => Promise<T>, good: (answer: T) => boolean, withinMs = 15_000): Promise<T> {
  const end = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (good(answer)) return answer
    if (performance.now() > end) throw new Error(`Not within ${withinMs} ms; the last answer was ${JSON.stringify(answer)}`)
    await pause(20)
  }
}
