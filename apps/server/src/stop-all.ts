import type { Logger } from './observe/logger.ts'

/** A stop function for each part that has started, in start order. */
export type Stops = (() => Promise<unknown> | unknown)[]

/** Stops in reverse order. If one part fails to stop, the others are stopped all the same. May be called again for parts started since. */
export async function stopAll(stops: Stops, log: Logger): Promise<void> {
  for (const stopPart of stops.splice(0).reverse()) {
    try {
      await stopPart()
    } catch (error) {
      log.error({ error }, 'a part of the server failed to stop')
    }
  }
}
