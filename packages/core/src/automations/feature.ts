import { type Kernel, RESEAL_BATCH, sweepInBatches } from '@orrery/kernel'
import type { Feature } from '../feature.ts'
import { automationBuiltIns } from './built-ins/built-ins.ts'
import { createBackfillKind } from './due/backfills.ts'
import type { ScheduleFact } from './due/fire-schedules.ts'
import { createPollKind } from './due/polls.ts'
import { createRequestKind } from './due/requests.ts'
import { createScheduleKind } from './due/schedules.ts'
import { SWEEP_ROWS, sweepEnds } from './due/sweep-ends.ts'
import { FIRINGS_BATCH, forgetFirings } from './forget-firings.ts'
import { followCalendars } from './triggers/follow-calendars.ts'
import { reactToEvents } from './triggers/react-to-events.ts'
import { DELIVERIES_BATCH, forgetDeliveries } from './webhooks/forget-deliveries.ts'
import { resealWebhooks } from './webhooks/reseal-webhooks.ts'

/** @param observe hears what came of each occurrence of a schedule */
export function createAutomationsFeature(kernel: Kernel, observe: (fact: ScheduleFact) => void): Feature {
  const { database, clock, secretKeys, log } = kernel
  const polls = createPollKind(kernel)
  return {
    name: 'automations',
    due: [createScheduleKind(kernel, observe), polls.kind, createRequestKind(kernel), createBackfillKind(kernel)],
    consumers: [reactToEvents(kernel), followCalendars(kernel)],
    sweeps: [
      { name: 'ends of runs', everyMs: 60_000, sweep: async () => (await sweepEnds(kernel)) >= SWEEP_ROWS },
      sweepInBatches('firings', FIRINGS_BATCH, () => forgetFirings(database, clock.now())),
      sweepInBatches('deliveries at webhooks', DELIVERIES_BATCH, () => forgetDeliveries(database, clock.now())),
      sweepInBatches('secrets of webhooks', RESEAL_BATCH, () => resealWebhooks(database, secretKeys, log)),
    ],
    builtIns: automationBuiltIns,
    stop: () => polls.background.stop(),
  }
}
