import type { Notifier } from '@orrery/engine'
import type { Kernel } from '../context/kernel.ts'
import { createDueClock, type DueClock } from '../due/due-clock.ts'
import { createEventConsumer } from '../events/consume-events.ts'
import { createEventTail } from '../events/event-tail.ts'
import type { BackgroundPart } from './background-part.ts'
import { runSweeps } from './run-sweeps.ts'

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
