import type { DueKind, Kernel } from '@orrery/kernel'
import type { AutomationRow } from '../automation-row.ts'
import { lockAutomations } from '../automation-store.ts'
import { type BackfillRow, lockDueBackfill, updateBackfill, waitingBackfills } from '../backfill-store.ts'
import { explainIssues, isSchedule, toTimetable } from '../definition/to-timetable.ts'
import { decideFirings } from '../firing/decide-firings.ts'
import { type FiringContext, transactAsAutomations } from '../firing-context.ts'
import { countBuffered } from '../firing-store.ts'
import { planBackfill } from '../planning/plan-backfill.ts'
import { readSources } from '../state/plan-triggers.ts'
import { toFiringRow } from '../to-firing-row.ts'
import { selectTriggers } from '../trigger-store.ts'
import { attemptDueWork } from './attempt-due-work.ts'

/** Backfills start their next occurrences. Their moments lie in the past by design, so they have no lateness. */
export function createBackfillKind(kernel: Kernel): DueKind {
  return {
    name: 'backfill',
    waiting: waitingBackfills,
    run({ org, clock }) {
      const perform = async (work: (context: FiringContext) => Promise<number>) => ({
        count: await transactAsAutomations(kernel, org, work, clock),
        latenessMs: [],
      })
      return attemptDueWork(
        kernel,
        org,
        () => perform(fireBackfill),
        (reason) => perform((context) => stopBackfill(context, reason)),
      )
    },
  }
}

/** One round, and the pause behind it: a backfill leaves room for what is due now. */
const ROUND = { occurrences: 100, pauseMs: 250 }
/** Half of what the buffer of an automation holds. With more starts in it, a backfill waits too. */
const BUFFERED_MAX = 500

/** The next occurrences of a backfill that is due. Returns how many backfills were looked at. */
async function fireBackfill(context: FiringContext): Promise<number> {
  const { tx, org, nowMs } = context
  const row = await lockDueBackfill(tx, org, new Date(nowMs))
  if (row === undefined) return 0
  const [automation] = await lockAutomations(tx, org, [row.automation_id])
  const trigger = (await selectTriggers(tx, org, row.automation_id)).filter(isSchedule).find((one) => one.trigger_id === row.trigger_id)
  if (automation === undefined || trigger === undefined) return stop(context, row, automation, 'Its trigger is not there any more.')
  if (await isCrowded(context, row)) return updateBackfill(tx, { ...row, wakes_at: new Date(nowMs + 1000) }).then(() => 1)
  const found = toTimetable(trigger.definition, trigger.trigger_id, await readSources(context, [trigger]))
  if (!found.ok) return stop(context, row, automation, explainIssues(found.issues))
  // Its limit was checked when it was asked for. If the schedule has changed since then, what it says now counts.
  const plan = planBackfill(found.timetable, { fromMs: row.rest_at.getTime(), toMs: row.to_at.getTime() }, nowMs, ROUND.occurrences)
  if (plan.kind === 'refused') return stop(context, row, automation, `It cannot go on (${plan.reason}).`)
  const fresh = plan.nominalsMs.map((nominalMs) => toFiringRow({ ...draftOf(row, nominalMs), automation }, nowMs))
  await decideFirings(context, [{ automation, fresh, skips: [] }])
  if (plan.restFromMs === null) await updateBackfill(tx, { ...row, wakes_at: null, trouble: null })
  else await updateBackfill(tx, { ...row, rest_at: new Date(plan.restFromMs), wakes_at: new Date(nowMs + ROUND.pauseMs) })
  return 1
}

function draftOf(row: BackfillRow, nominalMs: number) {
  const cause = { kind: 'backfill', requestId: row.backfill_id, requestedAtMs: row.requested_at.getTime(), nominalMs } as const
  const trigger = { id: row.trigger_id, key: row.trigger_key }
  return { trigger, cause, nominalMs, firesAtMs: null, request: { overlap: row.overlap } }
}

/** What is left of it does not run, and the first of that says so in the automation's records. */
async function stop(context: FiringContext, row: BackfillRow, automation: AutomationRow | undefined, reason: string): Promise<number> {
  await updateBackfill(context.tx, { ...row, wakes_at: null, trouble: reason })
  if (automation === undefined) return 1
  const first = toFiringRow({ ...draftOf(row, row.rest_at.getTime()), automation }, context.nowMs)
  const skips = [{ ...first, outcome: 'failed', reason: `The backfill has stopped here: ${reason}`, request: null } as const]
  await decideFirings(context, [{ automation, fresh: [], skips }])
  return 1
}

async function isCrowded({ tx, org }: FiringContext, { automation_id, overlap }: BackfillRow): Promise<boolean> {
  return overlap === 'buffer_all' && (await countBuffered(tx, org, automation_id)) > BUFFERED_MAX
}

async function stopBackfill(context: FiringContext, reason: string): Promise<number> {
  const row = await lockDueBackfill(context.tx, context.org, new Date(context.nowMs))
  if (row === undefined) return 0
  const [automation] = await lockAutomations(context.tx, context.org, [row.automation_id])
  return stop(context, row, automation, reason)
}
