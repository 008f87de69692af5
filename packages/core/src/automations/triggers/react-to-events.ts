import { setImmediate } from 'node:timers/promises'
import type { OrgId } from '@orrery/engine'
import { type ConsumedEvent, type ConsumerSpec, isTransient, type Kernel } from '@orrery/kernel'
import { recordRunEnds } from '../firing/record-run-ends.ts'
import { transactAsAutomations } from '../firing-context.ts'
import type { RunEnd } from '../planning/count-failure.ts'
import { concernsAutomations } from '../trigger-store.ts'
import { type Listener, selectListeners } from './listen-to-topics.ts'
import { reactToEvent } from './react-to-event.ts'
import { recordTrouble } from './record-trouble.ts'

/** Organizations handled at a time. The events of each are handled in order. */
const ORGS_CONCURRENCY_MAX = 4

/** Expressions of triggers are evaluated here, often with no wait between them. After this time, requests have their turn. */
const TURN_MS = 5

const ENDS: ReadonlyMap<string, RunEnd> = new Map([
  ['run.succeeded', 'succeeded'],
  ['run.failed', 'failed'],
  ['run.cancelled', 'cancelled'],
  ['run.timed_out', 'timed_out'],
])

/** The event consumer of automations: records ends of runs, and fires the triggers that listen to events. */
export function reactToEvents(kernel: Kernel): ConsumerSpec {
  return {
    name: 'automations',
    begin: 'now',
    only: concernsAutomations([...ENDS.keys()]),
    async handle(events, { signal }) {
      const waiting = [...Map.groupBy(events, ({ org }) => org)]
      const work = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await reactInOrg(kernel, ...next, signal)
      }
      await Promise.all(Array.from({ length: ORGS_CONCURRENCY_MAX }, work))
    },
  }
}

async function reactInOrg(kernel: Kernel, org: OrgId, events: readonly ConsumedEvent[], signal: AbortSignal): Promise<void> {
  await recordEnds(kernel, org, events)
  const topics = new Set(events.map(({ event }) => event.type))
  const listeners = await kernel.database.transaction(org, 'read only', (tx) => selectListeners(tx, org, topics))
  let turnedAt = performance.now()
  for (const consumed of events) {
    for (const listener of listeners) {
      if (!listener.pattern.matches(consumed.event.type)) continue
      if (performance.now() - turnedAt > TURN_MS) {
        await setImmediate()
        turnedAt = performance.now()
      }
      signal.throwIfAborted()
      await reactOrRecordTrouble(kernel, listener, consumed)
    }
  }
}

/**
 * Records a permanent failure at its trigger, so that other triggers continue. A temporary failure is thrown, and the consumer tries again.
 */
async function reactOrRecordTrouble(kernel: Kernel, listener: Listener, consumed: ConsumedEvent): Promise<void> {
  try {
    await reactToEvent(kernel, listener, consumed)
  } catch (error) {
    if (isTransient(error)) throw error
    kernel.log.error({ error, trigger: listener.triggerId, event: consumed.event.id }, 'A trigger failed at an event')
    await recordTrouble(
      kernel.database,
      consumed.org,
      listener.triggerId,
      `It failed at the event ${consumed.event.id}; see the server’s log.`,
    )
  }
}

/** Records the ends of runs. After a permanent failure, the sweep of run ends finds them later. */
async function recordEnds(kernel: Kernel, org: OrgId, events: readonly ConsumedEvent[]): Promise<void> {
  const ended = events.flatMap(({ subject, event }) => {
    const status = ENDS.get(event.type)
    return status === undefined ? [] : [{ run: subject, status }]
  })
  if (ended.length === 0) return
  try {
    await transactAsAutomations(kernel, org, (context) => recordRunEnds(context, ended))
  } catch (error) {
    if (isTransient(error)) throw error
    kernel.log.error({ error, org }, 'The ends of runs could not be recorded')
  }
}
