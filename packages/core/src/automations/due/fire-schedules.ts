import type { AutomationRow, TriggerRow } from '../automation-row.ts'
import { endExhausted, lockAutomations } from '../automation-store.ts'
import { askTimetable, type TimetableSources } from '../definition/ask-timetable.ts'
import { explainIssues, isSchedule } from '../definition/to-timetable.ts'
import { toFiringState, withState, withTrouble } from '../definition/trigger-state.ts'
import { emitAutomationEvents } from '../emit-automation-event.ts'
import { decideFirings, type FiringPart } from '../firing/decide-firings.ts'
import type { FiringContext } from '../firing-context.ts'
import type { FiringOutcome, FiringRow } from '../firing-store.ts'
import { readSources } from '../state/plan-triggers.ts'
import { toFiringRow, toSkipRow } from '../to-firing-row.ts'
import { lockDueSchedules, writeStates } from '../trigger-store.ts'

/** The outcome of one occurrence, or of several that were skipped together. */
export interface ScheduleFact {
  readonly outcome: FiringOutcome
  readonly reason: string | null
  /** Time between when it should have fired and the decision; null: it did not fire. */
  readonly lateMs: number | null
}

export interface FiredSchedules {
  /** How many triggers were due. */
  readonly count: number
  readonly facts: readonly ScheduleFact[]
}

/** Firings of one trigger per transaction. Occurrences beyond it stay due. */
const FIRINGS_MAX = 100

/**
 * Fires the schedules of an organization that are due, up to `limit` triggers, in the caller's transaction: their states, the outcome of
 * each occurrence and the starts of runs commit together. `only`: only the trigger with this id.
 */
export async function fireSchedules(context: FiringContext, limit: number, only: string | null): Promise<FiredSchedules> {
  const { tx, org, nowMs } = context
  const triggers = await lockDueSchedules(tx, org, { now: new Date(nowMs), limit, only })
  if (triggers.length === 0) return { count: 0, facts: [] }
  const automations = await readAutomations(context, triggers)
  const sources = await readSources(context, triggers)
  const parts = new Map<string, { automation: AutomationRow; fresh: FiringRow[]; skips: FiringRow[] }>()
  const states: TriggerRow[] = []
  for (const trigger of triggers) {
    const automation = automations.get(trigger.automation_id)
    if (automation === undefined) throw new Error(`The trigger ${trigger.trigger_id} has no automation`)
    const part = parts.get(automation.automation_id) ?? { automation, fresh: [], skips: [] }
    parts.set(automation.automation_id, part)
    states.push(await planOne(context, trigger, part, sources))
  }
  await writeStates(tx, org, states)
  const written = await decideFirings(context, [...parts.values()].map(inOrder))
  await endExhaustedAutomations(
    context,
    states.filter(({ wakes_at, trouble }) => wakes_at === null && trouble === null),
    automations,
  )
  // Buffered firings were reported when they became due; time in the buffer is not lateness.
  const facts = [...parts.values()].flatMap(({ fresh, skips }) =>
    [...fresh, ...skips].map((row) => toFact(written.get(row.firing_id) ?? row, nowMs)),
  )
  return { count: triggers.length, facts }
}

async function readAutomations({ tx, org }: FiringContext, triggers: readonly TriggerRow[]): Promise<Map<string, AutomationRow>> {
  const ids = [...new Set(triggers.map(({ automation_id }) => automation_id))]
  return new Map((await lockAutomations(tx, org, ids)).map((row) => [row.automation_id, row]))
}

/** Adds the occurrences that a trigger fires and skips to the part of its automation. Returns the trigger with its next state. */
async function planOne(
  context: FiringContext,
  trigger: TriggerRow,
  { automation, fresh, skips }: { automation: AutomationRow; fresh: FiringRow[]; skips: FiringRow[] },
  sources: TimetableSources,
): Promise<TriggerRow> {
  const { nowMs } = context
  if (!isSchedule(trigger)) return trigger
  const args = { state: toFiringState(trigger, automation, nowMs), nowMs, firingsMax: FIRINGS_MAX }
  const found = await askTimetable(context, sources, 'fire', { trigger: trigger.definition, triggerId: trigger.trigger_id, args })
  if (!found.ok) return withTrouble(trigger, explainIssues(found.issues), nowMs)
  const plan = found.value
  const place = { id: trigger.trigger_id, key: trigger.key }
  for (const skip of plan.skips) skips.push(toSkipRow(automation, place, skip, nowMs))
  for (const { nominalMs, firesAtMs } of plan.firings) {
    fresh.push(
      toFiringRow({ automation, trigger: place, cause: { kind: 'schedule', nominalMs }, nominalMs, firesAtMs, request: null }, nowMs),
    )
  }
  return withState(trigger, plan.state, plan.wake, nowMs)
}

/** Sorts the starts of several triggers by nominal time. */
function inOrder(part: FiringPart): FiringPart {
  return { ...part, fresh: [...part.fresh].sort((a, b) => a.nominal_at.getTime() - b.nominal_at.getTime()) }
}

function toFact(row: FiringRow, nowMs: number): ScheduleFact {
  return {
    outcome: row.outcome,
    reason: row.reason,
    lateMs: row.outcome === 'skipped' || row.fires_at === null ? null : nowMs - row.fires_at.getTime(),
  }
}

/** Ends the automations of these exhausted triggers that have no other trigger which can still fire. */
async function endExhaustedAutomations(
  context: FiringContext,
  exhausted: readonly TriggerRow[],
  automations: ReadonlyMap<string, AutomationRow>,
): Promise<void> {
  const ids = [...new Set(exhausted.map(({ automation_id }) => automation_id))].filter((id) => automations.get(id)?.status === 'active')
  if (ids.length === 0) return
  await emitAutomationEvents(context, 'automation.ended', await endExhausted(context.tx, context.org, ids, new Date(context.nowMs)))
}
