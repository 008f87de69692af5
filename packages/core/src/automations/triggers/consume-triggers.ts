import type { OrgId } from '@orrery/engine'
import { type ConsumedEvent, createEventConsumer, type EventConsumer, type EventTail, isPassing, type Kernel } from '@orrery/kernel'
import type { RunEnd } from '../planning/count-failure.ts'
import { settleRuns } from '../settle-runs.ts'
import { concernsAutomations } from '../trigger-store.ts'
import { inScene } from './in-scene.ts'
import { type Listener, selectListeners } from './listen-to-topics.ts'
import { noteTrouble } from './note-trouble.ts'
import { reactToEvent } from './react-to-event.ts'

/** Organizations at a time; each has its events one after the other. */
const ORGS_AT_ONCE = 4

const ENDS: ReadonlyMap<string, RunEnd> = new Map([
  ['run.succeeded', 'succeeded'],
  ['run.failed', 'failed'],
  ['run.cancelled', 'cancelled'],
  ['run.timed_out', 'timed_out'],
])

/** The one reader of events for all automations: it settles ended runs and fires triggers that listen to events. */
export function createTriggerConsumer(host: Kernel, tail: EventTail): EventConsumer {
  const { database, log } = host
  return createEventConsumer({
    database,
    log,
    tail,
    name: 'automations',
    begin: 'now',
    only: concernsAutomations([...ENDS.keys()]),
    async handle(events, { signal }) {
      const waiting = [...Map.groupBy(events, ({ org }) => org)]
      const work = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await reactInOrg(host, ...next, signal)
      }
      await Promise.all(Array.from({ length: ORGS_AT_ONCE }, work))
    },
  })
}

async function reactInOrg(host: Kernel, org: OrgId, events: readonly ConsumedEvent[], signal: AbortSignal): Promise<void> {
  await settleSurely(host, org, events)
  const topics = new Set(events.map(({ event }) => event.type))
  const listeners = await host.database.transaction(org, 'read only', (tx) => selectListeners(tx, org, topics))
  for (const consumed of events) {
    signal.throwIfAborted()
    for (const listener of listeners) if (listener.pattern.matches(consumed.event.type)) await reactSurely(host, listener, consumed)
  }
}

/** What fails for a reason of its own is shown at the trigger, and holds nobody else up; what passes is tried again by the consumer. */
async function reactSurely(host: Kernel, listener: Listener, consumed: ConsumedEvent): Promise<void> {
  try {
    await reactToEvent(host, listener, consumed)
  } catch (error) {
    if (isPassing(error)) throw error
    host.log.error({ error, trigger: listener.triggerId, event: consumed.event.id }, 'A trigger failed at an event')
    await noteTrouble(
      host.database,
      consumed.org,
      listener.triggerId,
      `It failed at the event ${consumed.event.id}; the server’s log says why.`,
    )
  }
}

/** What fails here for a reason of its own is found again by the scheduler's sweep. */
async function settleSurely(host: Kernel, org: OrgId, events: readonly ConsumedEvent[]): Promise<void> {
  const ended = events.flatMap(({ subject, event }) => {
    const status = ENDS.get(event.type)
    return status === undefined ? [] : [{ run: subject, status }]
  })
  if (ended.length === 0) return
  try {
    await inScene(host, org, (scene) => settleRuns(scene, ended))
  } catch (error) {
    if (isPassing(error)) throw error
    host.log.error({ error, org }, 'Ended runs could not be settled')
  }
}
