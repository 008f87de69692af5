import { setTimeout as pause } from 'node:timers/promises'

/** Calls `look` every 20 ms until it returns something else than null and false, and returns that. @throws after `timeoutMs`, naming `what` */
export async function until<T>(what: string, look: () => Promise<T | null | false> | T | null | false, timeoutMs = 30_000): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== null && found !== false) return found
    if (performance.now() > end) throw new Error(`Timed out after ${timeoutMs} ms waiting until ${what}`)
    await pause(20)
  }
}
