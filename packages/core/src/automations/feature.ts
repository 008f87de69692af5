import { type Kernel, RESEAL_BATCH, sweepInBatches } from '@orrery/kernel'
import type { Feature } from '../feature.ts'
import { automationBuiltIns } from './built-ins/built-ins.ts'
import { createBackfillKind } from './due/backfills.ts'
import type { ScheduleFact } from './due/fire-schedules.ts'
import { createPollKind } from './due/polls.ts'
import { createRequestKind } from './due/requests.ts'
import { createScheduleKind } from './due/schedules.ts'
import { SWEEP_ROWS_MAX, sweepRunEnds } from './due/sweep-run-ends.ts'
import { removeOldFirings } from './firing-store.ts'
import { reactToEvents } from './triggers/react-to-events.ts'
import { replanOnCalendarChange } from './triggers/replan-on-calendar-change.ts'
import { removeOldDeliveries } from './webhook-store.ts'
import { resealWebhooks } from './webhooks/reseal-webhooks.ts'

const DAY_MS = 86_400_000
/** As long as calls of tools are kept. The run of a firing has a retention of its own. */
const FIRINGS_KEPT_MS = 90 * DAY_MS
/** Longer than senders keep retrying a delivery, which is some days at most. */
const DELIVERIES_KEPT_MS = 7 * DAY_MS
const SWEEP_BATCH = 1000

/** @param observe is called with the outcome of each occurrence of a schedule */
export function createAutomationsFeature(kernel: Kernel, observe: (fact: ScheduleFact) => void): Feature {
  const { database, clock, secretKeys, log } = kernel
  const polls = createPollKind(kernel)
  return {
    name: 'automations',
    due: [createScheduleKind(kernel, observe), polls.kind, createRequestKind(kernel), createBackfillKind(kernel)],
    consumers: [reactToEvents(kernel), replanOnCalendarChange(kernel)],
    sweeps: [
      { name: 'ends of runs', everyMs: 60_000, sweep: async () => (await sweepRunEnds(kernel)) >= SWEEP_ROWS_MAX },
      sweepInBatches('firings', SWEEP_BATCH, () => removeOldFirings(database, new Date(clock.now() - FIRINGS_KEPT_MS), SWEEP_BATCH)),
      sweepInBatches('deliveries', SWEEP_BATCH, () =>
        removeOldDeliveries(database, new Date(clock.now() - DELIVERIES_KEPT_MS), SWEEP_BATCH),
      ),
      sweepInBatches('secrets of webhooks', RESEAL_BATCH, () => resealWebhooks(database, secretKeys, log)),
    ],
    builtIns: automationBuiltIns,
    stop: () => polls.background.stop(),
  }
}
