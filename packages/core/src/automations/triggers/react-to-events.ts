import type { OrgId } from '@orrery/engine'
import { type ConsumedEvent, type ConsumerSpec, isTransient, type Kernel } from '@orrery/kernel'
import { settleRuns } from '../firing/settle-runs.ts'
import type { RunEnd } from '../planning/count-failure.ts'
import { inScene } from '../scene.ts'
import { concernsAutomations } from '../trigger-store.ts'
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
      await Promise.all(Array.from({ length: ORGS_AT_ONCE }, work))
    },
  }
}

async function reactInOrg(kernel: Kernel, org: OrgId, events: readonly ConsumedEvent[], signal: AbortSignal): Promise<void> {
  await settleSurely(kernel, org, events)
  const topics = new Set(events.map(({ event }) => event.type))
  const listeners = await kernel.database.transaction(org, 'read only', (tx) => selectListeners(tx, org, topics))
  for (const consumed of events) {
    signal.throwIfAborted()
    for (const listener of listeners) if (listener.pattern.matches(consumed.event.type)) await reactSurely(kernel, listener, consumed)
  }
}

/** What fails for a reason of its own is shown at the trigger, and holds nobody else up; what passes is tried again by the consumer. */
async function reactSurely(kernel: Kernel, listener: Listener, consumed: ConsumedEvent): Promise<void> {
  try {
    await reactToEvent(kernel, listener, consumed)
  } catch (error) {
    if (isTransient(error)) throw error
    kernel.log.error({ error, trigger: listener.triggerId, event: consumed.event.id }, 'A trigger failed at an event')
    await noteTrouble(
      kernel.database,
      consumed.org,
      listener.triggerId,
      `It failed at the event ${consumed.event.id}; the server’s log says why.`,
    )
  }
}

/** What fails here for a reason of its own is found again by the scheduler's sweep. */
async function settleSurely(kernel: Kernel, org: OrgId, events: readonly ConsumedEvent[]): Promise<void> {
  const ended = events.flatMap(({ subject, event }) => {
    const status = ENDS.get(event.type)
    return status === undefined ? [] : [{ run: subject, status }]
  })
  if (ended.length === 0) return
  try {
    await inScene(kernel, org, (scene) => settleRuns(scene, ended))
  } catch (error) {
    if (isTransient(error)) throw error
    kernel.log.error({ error, org }, 'Ended runs could not be settled')
  }
}
