import type { Notifier } from '@orrery/engine'
import type { Kernel, Log } from '../context/kernel.ts'
import { createDueClock, type DueClock } from '../due/due-clock.ts'
import { createEventConsumer } from '../events/consume-events.ts'
import { createEventTail } from '../events/event-tail.ts'
import { createLoop } from '../loop.ts'
import type { BackgroundPart, Sweep } from './background-part.ts'

export interface BackgroundOptions {
  readonly notifier: Notifier | null
  readonly parts: readonly BackgroundPart[]
  /** Called with the lateness of each piece of due work. */
  readonly observeLateness?: (kind: string, latenessMs: number) => void
}

export interface Background {
  /** Does the work that is due. The caller starts it separately: one process of an installation is enough, and more are safer. */
  readonly clock: DueClock
  /** Starts consumers and sweeps. Resolves when the consumers miss no further event. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Runs the background work of all parts in this process. */
export function createBackground(kernel: Kernel, { notifier, parts, observeLateness }: BackgroundOptions): Background {
  const { database, log } = kernel
  const kinds = parts.flatMap(({ due = [] }) => due)
  const tail = createEventTail({ database, notifier, log })
  const consumers = parts.flatMap(({ consumers = [] }) => consumers).map((spec) => createEventConsumer({ database, tail, log }, spec))
  const clock = createDueClock({ kernel, kinds, notifier, ...(observeLateness === undefined ? {} : { observe: observeLateness }) })
  let sweeping: { stop(): Promise<void> } | null = null
  return {
    clock,
    async start() {
      sweeping = runSweeps(
        parts.flatMap(({ sweeps = [] }) => sweeps),
        log,
      )
      await Promise.all(consumers.map((consumer) => consumer.start()))
    },
    async stop() {
      await Promise.all([clock.stop(), sweeping?.stop(), ...consumers.map((consumer) => consumer.stop())])
      await Promise.all([tail.stop(), ...parts.map((part) => part.stop?.())])
    },
  }
}

const RETRY_MS = 10_000

/** Runs one loop for each sweep, so that a slow or failing sweep does not delay the others. */
function runSweeps(sweeps: readonly Sweep[], log: Log): { stop(): Promise<void> } {
  const loops = sweeps.map(({ name, everyMs, sweep, onHint }) => {
    const loop = createLoop({
      round: async () => ((await sweep()) ? 0 : everyMs),
      onError(error) {
        log.warn({ error, sweep: name }, 'A sweep failed and will be retried')
        return RETRY_MS
      },
    })
    onHint?.(() => loop.wake())
    loop.wake()
    return loop
  })
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}
