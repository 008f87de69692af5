import type { OrgId } from '@orrery/engine'
import type { ConsumerSpec, Kernel } from '@orrery/kernel'
import { calendarsOf } from '../../calendars/find-calendar-uses.ts'
import { lockAutomations } from '../automation-store.ts'
import { type FiringContext, transactAsAutomations } from '../firing-context.ts'
import { notifySchedulers, planTriggers } from '../state/plan-triggers.ts'
import { concernsSchedules, lockTriggers, selectAutomationsUsing } from '../trigger-store.ts'

/**
 * After a change of a calendar, plans the schedules that use it again, since one may be due earlier now. This includes schedules that could
 * not be planned because the calendar was unusable.
 */
export function replanOnCalendarChange(kernel: Kernel): ConsumerSpec {
  return {
    name: 'calendars',
    begin: 'now',
    // Events are many and calendars change rarely, so large batches with pauses cost less.
    pauseMs: 1000,
    batchMax: 5000,
    only: concernsSchedules,
    async handle(events, { signal }) {
      for (const [org, own] of Map.groupBy(events, (one) => one.org)) {
        const names = [...new Set(own.map(({ event }) => event.subject))]
        await replanAll(kernel, org, names, signal)
      }
    },
  }
}

async function replanAll(kernel: Kernel, org: OrgId, names: readonly string[], signal: AbortSignal): Promise<void> {
  const ids = await kernel.database.transaction(org, 'read only', (tx) => selectAutomationsUsing(tx, org, names))
  for (const id of ids) {
    signal.throwIfAborted()
    await transactAsAutomations(kernel, org, (context) => replan(context, id, new Set(names)))
  }
}

async function replan(context: FiringContext, id: string, names: ReadonlySet<string>): Promise<void> {
  const { tx, org, nowMs } = context
  const [automation] = await lockAutomations(tx, org, [id])
  if (automation === undefined || automation.status === 'ended') return
  const concerned = (await lockTriggers(tx, org, id)).filter(
    ({ definition }) => definition.type === 'schedule' && calendarsOf(definition.schedule).some((name) => names.has(name)),
  )
  const stuck = concerned.filter(({ trouble }) => trouble !== null)
  // The scheduler plans schedules that are due now, with the new calendar.
  const waiting = concerned.filter(({ trouble, wakes_at }) => trouble === null && (wakes_at === null || wakes_at.getTime() > nowMs))
  const planned = [
    ...(await planTriggers(context, automation, stuck, { kind: 'unchanged' })),
    ...(await planTriggers(context, automation, waiting, { kind: 'calendar_changed' })),
  ]
  notifySchedulers(context, planned)
}
