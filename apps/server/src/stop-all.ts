import type { Logger } from './observe/logger.ts'

/** How to stop what has started, in the order of the starts. */
export type Stops = (() => Promise<unknown> | unknown)[]

/** The opposite order; a part that fails does not keep the others from stopping. May be called again for what has started since. */
export async function stopAll(stops: Stops, log: Logger): Promise<void> {
  for (const stopPart of stops.splice(0).reverse()) {
    try {
      await stopPart()
    } catch (error) {
      log.error({ error }, 'a part did not stop in order')
    }
  }
}
