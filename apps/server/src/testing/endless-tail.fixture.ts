import type { Event } from '@orrery/contract'
import type { EventTail } from '../events/stream-events.ts'

/** A log that never ends and waits for nobody. `padding` is in every event. */
export function endlessTail(padding = ''): EventTail & { readonly ended: Promise<void>; told(): number } {
  let told = 0
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  return {
    ended,
    told: () => told,
    now: async () => '1-0',
    async *subscribe({ signal }) {
      signal.addEventListener('abort', () => end())
      while (!signal.aborted) {
        told++
        // A turn of the event loop, so that timers are heard.
        await new Promise((resolve) => setImmediate(resolve))
        yield { id: `2-${told}`, type: 'run.started', subject: 'x', at: '2026-01-01T00:00:00.000Z', data: padding } satisfies Event
      }
    },
  }
}
