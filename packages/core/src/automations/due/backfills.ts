import type { DueKind, Kernel } from '@orrery/kernel'
import type { AutomationRow } from '../automation-row.ts'
import { lockAutomations } from '../automation-store.ts'
import { type BackfillRow, lockDueBackfill, updateBackfill, waitingBackfills } from '../backfill-store.ts'
import { askTimetable } from '../definition/ask-timetable.ts'
import { explainIssues, isSchedule } from '../definition/to-timetable.ts'
import { decideFirings } from '../firing/decide-firings.ts'
import { type FiringContext, transactAsAutomations } from '../firing-context.ts'
import { countBuffered } from '../firing-store.ts'
import { readSources } from '../state/plan-triggers.ts'
import { toFiringRow } from '../to-firing-row.ts'
import { selectTriggers } from '../trigger-store.ts'
import { attemptDueWork } from './attempt-due-work.ts'

/** Starts the next occurrences of backfills. These lie in the past by design, so no lateness is reported. */
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

/** Occurrences per round, and the pause after it, which leaves capacity for other due work. */
const ROUND = { occurrences: 100, pauseMs: 250 }
/** Half of what an automation's buffer holds. While more starts are buffered, the backfill pauses. */
const BUFFERED_MAX = 500

/** Starts the next occurrences of one due backfill. Returns the number of due backfills found, 0 or 1. */
async function fireBackfill(context: FiringContext): Promise<number> {
  const { tx, org, nowMs } = context
  const row = await lockDueBackfill(tx, org, new Date(nowMs))
  if (row === undefined) return 0
  const [automation] = await lockAutomations(tx, org, [row.automation_id])
  const trigger = (await selectTriggers(tx, org, row.automation_id)).filter(isSchedule).find((one) => one.trigger_id === row.trigger_id)
  if (automation === undefined || trigger === undefined) return stop(context, row, automation, 'Its trigger does not exist any more.')
  if (await isCrowded(context, row)) return updateBackfill(tx, { ...row, wakes_at: new Date(nowMs + 1000) }).then(() => 1)
  const args = { range: { fromMs: row.rest_at.getTime(), toMs: row.to_at.getTime() }, nowMs, batchMax: ROUND.occurrences }
  const query = { trigger: trigger.definition, triggerId: trigger.trigger_id, args }
  const found = await askTimetable(context, await readSources(context, [trigger]), 'backfill', query)
  if (!found.ok) return stop(context, row, automation, explainIssues(found.issues))
  // The whole range was checked when the backfill was requested. If the schedule has changed since then, the new one applies.
  const plan = found.value
  if (plan.kind === 'refused') return stop(context, row, automation, `It cannot continue (${plan.reason}).`)
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

/** Stops a backfill. Its first occurrence that does not run is recorded as a failed firing with the reason. */
async function stop(context: FiringContext, row: BackfillRow, automation: AutomationRow | undefined, reason: string): Promise<number> {
  await updateBackfill(context.tx, { ...row, wakes_at: null, trouble: reason })
  if (automation === undefined) return 1
  const first = toFiringRow({ ...draftOf(row, row.rest_at.getTime()), automation }, context.nowMs)
  const skips = [{ ...first, outcome: 'failed', reason: `The backfill stopped here: ${reason}`, request: null } as const]
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
