import type { Event } from '@orrery/contract'
import type { EventTail } from '../events/stream-events.ts'

/** An event log that never ends and yields events as fast as they are read. `padding` is the data of every event. */
export function endlessTail(padding = ''): EventTail & { readonly ended: Promise<void>; yielded(): number } {
  let yielded = 0
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  return {
    ended,
    yielded: () => yielded,
    now: async () => '1-0',
    async *subscribe({ signal }) {
      signal.addEventListener('abort', () => end())
      while (!signal.aborted) {
        yielded++
        // One turn of the event loop, so that timers can fire.
        await new Promise((resolve) => setImmediate(resolve))
        yield { id: `2-${yielded}`, type: 'run.started', subject: 'x', at: '2026-01-01T00:00:00.000Z', data: padding } satisfies Event
      }
    },
  }
}
