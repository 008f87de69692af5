import { type DueKind, type DueWork, isTransient, type Kernel } from '@orrery/kernel'
import type { TriggerRow } from '../automation-row.ts'
import { withTrouble } from '../definition/trigger-state.ts'
import { transactAsAutomations } from '../firing-context.ts'
import { lockDueSchedules, waitingSchedules, writeTroubles } from '../trigger-store.ts'
import { type FiredSchedules, fireSchedules, type ScheduleFact } from './fire-schedules.ts'

/** Triggers per transaction. */
const BATCH_MAX = 200

/** Fires schedules. @param observe is called with the outcome of each occurrence */
export function createScheduleKind(kernel: Kernel, observe: (fact: ScheduleFact) => void): DueKind {
  return {
    name: 'schedule',
    waiting: waitingSchedules,
    isParallel: true,
    async run(due) {
      const startedAt = performance.now()
      const { count, facts, failure } = await fireTogether(kernel, due)
      for (const fact of facts) observe(fact)
      if (failure !== undefined) throw failure
      // An occurrence counts as fired at the commit.
      const tookMs = performance.now() - startedAt
      return { count, latenessMs: facts.flatMap(({ lateMs }) => (lateMs === null ? [] : [lateMs + tookMs])) }
    },
  }
}

interface Fired extends FiredSchedules {
  /** Temporary. Some triggers did not fire, and stay due. */
  readonly failure?: unknown
}

/**
 * Fires all due triggers together. If that fails, fires them one by one, so that a trigger that cannot be fired does not block the others.
 */
async function fireTogether(kernel: Kernel, { org, clock }: DueWork): Promise<Fired> {
  try {
    return await transactAsAutomations(kernel, org, (context) => fireSchedules(context, BATCH_MAX, null), clock)
  } catch (error) {
    kernel.log.warn({ error, org }, 'Schedules could not be fired together; firing them one by one')
  }
  const lock = { limit: BATCH_MAX, only: null }
  const triggers = await transactAsAutomations(
    kernel,
    org,
    ({ tx, nowMs }) => lockDueSchedules(tx, org, { ...lock, now: new Date(nowMs) }),
    clock,
  )
  const facts: ScheduleFact[] = []
  const failures: unknown[] = []
  for (const trigger of triggers) {
    try {
      facts.push(...(await fireAlone(kernel, { org, clock }, trigger)))
    } catch (error) {
      failures.push(error)
    }
  }
  return { count: triggers.length, facts, failure: failures[0] }
}

/** Records a permanent failure at the trigger. @throws a temporary one */
async function fireAlone(kernel: Kernel, { org, clock }: DueWork, trigger: TriggerRow): Promise<readonly ScheduleFact[]> {
  try {
    return (await transactAsAutomations(kernel, org, (context) => fireSchedules(context, 1, trigger.trigger_id), clock)).facts
  } catch (error) {
    if (isTransient(error)) throw error
    kernel.log.error({ error, org, trigger: trigger.trigger_id }, 'A schedule could not be fired; trying again later')
    const trouble = 'It could not be fired; see the server’s log.'
    await transactAsAutomations(kernel, org, ({ tx, nowMs }) => writeTroubles(tx, org, [withTrouble(trigger, trouble, nowMs)]), clock)
    return []
  }
}
