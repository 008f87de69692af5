import type { AutomationRow } from '../automation-row.ts'
import { lockAutomations } from '../automation-store.ts'
import { type BackfillRow, lockDueBackfill, moveBackfill } from '../backfill-store.ts'
import { explainIssues, isSchedule, toTimetable } from '../definition/to-timetable.ts'
import { decideFirings } from '../firing/decide-firings.ts'
import type { FiringScene } from '../firing/firing-scene.ts'
import { toFiringRow } from '../firing/to-firing-row.ts'
import { countBuffered, type FiringRow, lockDueFirings, writeFirings } from '../firing-store.ts'
import { planBackfill } from '../planning/plan-backfill.ts'
import { readSources } from '../standing/plan-triggers.ts'
import { selectTriggers } from '../trigger-store.ts'

/** Firings that were asked for at a time that has come. Returns how many. */
export async function fireAsked(scene: FiringScene, limit: number): Promise<number> {
  const due = await lockDueFirings(scene.tx, scene.org, new Date(scene.nowMs), limit)
  if (due.length === 0) return 0
  const automations = await lockAutomations(scene.tx, scene.org, [...new Set(due.map(({ automation_id }) => automation_id))])
  const parts = automations.map((automation) => {
    const own = due.filter((row) => row.automation_id === automation.automation_id)
    if (automation.status !== 'paused') return { automation, fresh: own, skips: [] }
    return {
      automation,
      fresh: [],
      skips: own.map((row): FiringRow => ({ ...row, outcome: 'skipped', reason: 'paused', decided_at: new Date(scene.nowMs) })),
    }
  })
  await decideFirings(scene, parts)
  return due.length
}

/** At once, and the pause between two rounds: a backfill leaves room for what is due now. */
const round = { occurrences: 100, pauseMs: 250 }
/** As many starts may wait for their turn as the buffer holds; beyond half of it, a backfill waits too. */
const bufferedMax = 500

/** The next occurrences of a backfill that is due. Gives how many backfills were looked at. */
export async function fireBackfill(scene: FiringScene): Promise<number> {
  const { tx, org, nowMs } = scene
  const row = await lockDueBackfill(tx, org, new Date(nowMs))
  if (row === undefined) return 0
  const [automation] = await lockAutomations(tx, org, [row.automation_id])
  const trigger = (await selectTriggers(tx, org, row.automation_id)).filter(isSchedule).find((one) => one.trigger_id === row.trigger_id)
  if (automation === undefined || trigger === undefined) return stop(scene, row, automation, 'Its trigger is not there any more.')
  if (await isCrowded(scene, row)) return moveBackfill(tx, { ...row, wakes_at: new Date(nowMs + 1000) }).then(() => 1)
  const found = toTimetable(trigger.definition, trigger.trigger_id, await readSources(scene, [trigger]))
  if (!found.ok) return stop(scene, row, automation, explainIssues(found.issues))
  // Its limit was checked when it was asked for. If the schedule has changed since then, what it says now counts.
  const plan = planBackfill(found.timetable, { fromMs: row.rest_at.getTime(), toMs: row.to_at.getTime() }, nowMs, round.occurrences)
  if (plan.kind === 'refused') return stop(scene, row, automation, `It cannot go on (${plan.reason}).`)
  const fresh = plan.nominalsMs.map((nominalMs) => toFiringRow({ ...occasionOf(row, nominalMs), automation }, nowMs))
  await decideFirings(scene, [{ automation, fresh, skips: [] }])
  if (plan.restFromMs === null) await moveBackfill(tx, { ...row, wakes_at: null, trouble: null })
  else await moveBackfill(tx, { ...row, rest_at: new Date(plan.restFromMs), wakes_at: new Date(nowMs + round.pauseMs) })
  return 1
}

function occasionOf(row: BackfillRow, nominalMs: number) {
  const cause = { kind: 'backfill', requestId: row.backfill_id, requestedAtMs: row.requested_at.getTime(), nominalMs } as const
  const trigger = { id: row.trigger_id, key: row.trigger_key }
  return { trigger, cause, nominalMs, firesAtMs: null, request: { overlap: row.overlap } }
}

/** What is left of it does not run, and the first of that says so in the automation's records. */
async function stop(scene: FiringScene, row: BackfillRow, automation: AutomationRow | undefined, reason: string): Promise<number> {
  await moveBackfill(scene.tx, { ...row, wakes_at: null, trouble: reason })
  if (automation === undefined) return 1
  const first = toFiringRow({ ...occasionOf(row, row.rest_at.getTime()), automation }, scene.nowMs)
  const skips = [{ ...first, outcome: 'failed', reason: `The backfill has stopped here: ${reason}`, request: null } as const]
  await decideFirings(scene, [{ automation, fresh: [], skips }])
  return 1
}

async function isCrowded({ tx, org }: FiringScene, { automation_id, overlap }: BackfillRow): Promise<boolean> {
  return overlap === 'buffer_all' && (await countBuffered(tx, org, automation_id)) > bufferedMax
}

/** The oldest that is due could not even be decided: it is given up. Gives how many. */
export async function failAsked(scene: FiringScene, reason: string): Promise<number> {
  const due = await lockDueFirings(scene.tx, scene.org, new Date(scene.nowMs), 1)
  await writeFirings(
    scene.tx,
    scene.org,
    due.map((row) => ({ ...row, outcome: 'failed', reason, request: null, decided_at: new Date(scene.nowMs) })),
  )
  return due.length
}

export async function stopBackfill(scene: FiringScene, reason: string): Promise<number> {
  const row = await lockDueBackfill(scene.tx, scene.org, new Date(scene.nowMs))
  if (row === undefined) return 0
  const [automation] = await lockAutomations(scene.tx, scene.org, [row.automation_id])
  return stop(scene, row, automation, reason)
}
