import { encodeId, ProblemError } from '@orrery/contract'
import type { StartOutcome, StartProblem, StartRequest } from '@orrery/engine'
import { appendEvents } from '@orrery/kernel'
import type { AutomationRow } from '../automation-row.ts'
import type { FiringContext } from '../firing-context.ts'
import { type FiringCauseName, type FiringRow, type InProgress, selectInProgress, writeFirings } from '../firing-store.ts'
import { decideOverlap, type OverlapDecision } from '../planning/decide-overlap.ts'
import { countRunEnd } from './count-run-end.ts'
import { toStart } from './to-start.ts'

/** The automation's row is locked. */
export interface FiringPart {
  readonly automation: AutomationRow
  /** Starts that have come up, in their order; `outcome` and what follows from it are filled in here. */
  readonly fresh: readonly FiringRow[]
  /** Records of what does not start. */
  readonly skips: readonly FiringRow[]
}

/**
 * Decides about starts that have come up and those that wait, by each automation's overlap policy, and starts what may start: all in the
 * caller's transaction. The id of a firing is that of its run, so what was started before is not started again. Gives the rows that
 * were written, by id.
 */
export async function decideFirings(context: FiringContext, parts: readonly FiringPart[]): Promise<ReadonlyMap<string, FiringRow>> {
  const ids = parts.map(({ automation }) => automation.automation_id)
  const found = await selectInProgress(context.tx, context.org, ids)
  const undecided = parts.map((part) => toUndecided(part, found.get(part.automation.automation_id)))
  // Again where a start has not become a run while others wait for the place that it would have taken.
  for (let open = undecided; open.length > 0; ) open = await decideOnce(context, open)
  const rows = undecided.flatMap((part) => [...part.rows, ...toBufferedRows(context, part)])
  await writeFirings(context.tx, context.org, rows)
  await emitFirings(context, rows)
  for (const { automation, failures } of undecided) {
    for (let count = 0; count < failures; count++) await countRunEnd(context, automation.automation_id, 'failed')
  }
  if (rows.some(({ going }) => going)) context.afterCommit(() => context.engine.nudge([]))
  return new Map(rows.map((row) => [row.firing_id, row]))
}

type Pending = FiringRow & { readonly overlap?: NonNullable<FiringRow['request']>['overlap'] & string }

/** An automation while it is decided. */
interface Undecided {
  readonly automation: AutomationRow
  /** What waited before. */
  readonly inProgress: InProgress
  pending: Pending[]
  isRunning: boolean
  failures: number
  readonly rows: FiringRow[]
}

function toUndecided({ automation, fresh, skips }: FiringPart, inProgress: InProgress = { going: [], buffered: [] }): Undecided {
  const pending = [...inProgress.buffered, ...fresh].map(withOverlap)
  return { automation, inProgress, pending, isRunning: inProgress.going.length > 0, failures: 0, rows: [...skips] }
}

/** What fires by itself. The rest was asked for by somebody who may do so while the automation is paused. */
const AUTOMATIC_CAUSES: ReadonlySet<FiringCauseName> = new Set(['schedule', 'event', 'condition', 'webhook'])

/** Also one that the starts which failed just now will pause. */
function isPaused({ automation, failures }: Undecided): boolean {
  const pauseAfter = automation.definition.pauseAfterFailures
  return automation.status === 'paused' || (failures > 0 && pauseAfter !== undefined && automation.failures + failures >= pauseAfter)
}

function skipWaiting(context: FiringContext, part: Undecided): void {
  const dropped = part.pending.filter(({ cause }) => AUTOMATIC_CAUSES.has(cause))
  part.rows.push(...dropped.map((start) => toDecidedRow(context, part.automation, start, { outcome: 'skipped', reason: 'paused' })))
  part.pending = part.pending.filter(({ cause }) => !AUTOMATIC_CAUSES.has(cause))
}

/** Gives those that have to be decided again. */
async function decideOnce(context: FiringContext, parts: readonly Undecided[]): Promise<Undecided[]> {
  const starting: { readonly part: Undecided; readonly start: Pending }[] = []
  for (const part of parts) {
    const { automation, inProgress } = part
    if (isPaused(part)) skipWaiting(context, part)
    const decision = decideOverlap<Pending>(automation.definition.overlap ?? 'skip', part.isRunning, part.pending)
    for (const { start, reason } of decision.skipped)
      part.rows.push(toDecidedRow(context, automation, start, { outcome: 'skipped', reason }))
    starting.push(...decision.starts.map((start) => ({ part, start })))
    await stopRunning(context, inProgress.going, decision.stop)
    part.pending = [...decision.buffered]
  }
  const settlements = await startAll(context, starting)
  const vacant = new Set<Undecided>()
  for (const [at, { part, start }] of starting.entries()) {
    const row = toDecidedRow(context, part.automation, start, settlements[at] ?? { outcome: 'failed' })
    part.rows.push(row)
    if (row.outcome === 'failed') part.failures += 1
    if (row.going) part.isRunning = true
    else vacant.add(part)
  }
  return [...vacant].filter(({ isRunning, pending }) => !isRunning && pending.length > 0)
}

/** What has begun to wait. */
function toBufferedRows(context: FiringContext, { automation, inProgress, pending }: Undecided): FiringRow[] {
  const before = new Set(inProgress.buffered.map(({ firing_id }) => firing_id))
  const fresh = pending.filter(({ firing_id }) => !before.has(firing_id))
  return fresh.map((start) => toDecidedRow(context, automation, start, { outcome: 'buffered' }))
}

const withOverlap = (row: FiringRow): Pending => (row.request?.overlap === undefined ? row : { ...row, overlap: row.request.overlap })

type Settlement = Pick<FiringRow, 'outcome'> & Partial<Pick<FiringRow, 'reason' | 'run_id' | 'going'>>

function toDecidedRow(context: FiringContext, automation: AutomationRow, start: Pending, settlement: Settlement): FiringRow {
  const { overlap: _, ...row } = start
  const request = settlement.outcome === 'buffered' ? row.request : null
  const nothing = { reason: null, run_id: null, going: false }
  return { ...row, ...nothing, ...settlement, request, version: automation.version, decided_at: new Date(context.nowMs) }
}

async function startAll(
  context: FiringContext,
  starting: readonly { readonly part: Undecided; readonly start: Pending }[],
): Promise<Settlement[]> {
  const settlements: Settlement[] = []
  const asked: { readonly at: number; readonly request: StartRequest }[] = []
  for (const [at, { part, start }] of starting.entries()) {
    try {
      asked.push({ at, request: await toStart(context, part.automation, start) })
    } catch (error) {
      // What the definition or the event makes impossible is recorded. Anything else is nobody's decision, and the transaction fails with it.
      if (!(error instanceof ProblemError)) throw error
      settlements[at] = { outcome: 'failed', reason: error.detail }
    }
  }
  const requests = asked.map(({ request }) => request)
  const outcomes = requests.length === 0 ? [] : await context.engine.startMany(requests, context.tx.client)
  for (const [index, { at }] of asked.entries()) {
    const outcome = outcomes[index]
    if (outcome !== undefined) settlements[at] = toSettlement(outcome)
  }
  return settlements
}

function toSettlement(outcome: StartOutcome | StartProblem): Settlement {
  switch (outcome.type) {
    case 'started':
      return { outcome: 'started', run_id: outcome.run, going: true }
    case 'existing':
    case 'debounced':
      return { outcome: 'existing', run_id: outcome.run }
    case 'refused':
      return { outcome: 'skipped', reason: 'concurrency', run_id: outcome.run }
    case 'no_such_workflow':
      return { outcome: 'failed', reason: `There is no workflow ${outcome.workflow}.` }
    case 'no_such_version':
      return { outcome: 'failed', reason: `There is no version ${outcome.version} of workflow ${outcome.workflow}.` }
    case 'invalid_input':
      return {
        outcome: 'failed',
        reason: outcome.issues.map(({ path, message }) => `input${path === '' ? '' : `.${path}`}: ${message}`).join('; '),
      }
  }
}

async function stopRunning(context: FiringContext, going: readonly string[], stop: OverlapDecision<Pending>['stop']): Promise<void> {
  if (stop === 'none') return
  for (const run of going) {
    await context.engine.cancel(
      context.org,
      run,
      'A newer run of the automation replaces it',
      { terminate: stop === 'terminate' },
      context.tx.client,
    )
  }
  context.afterCommit(() => context.engine.nudge(going))
}

async function emitFirings(context: FiringContext, rows: Iterable<FiringRow>): Promise<void> {
  const events = [...rows]
    .filter(({ outcome }) => outcome === 'started' || outcome === 'existing' || outcome === 'failed')
    .map((row) => ({
      type: 'automation.fired',
      subject: encodeId('aut', row.automation_id),
      data: {
        firingId: encodeId('fir', row.firing_id),
        cause: row.cause,
        outcome: row.outcome,
        reason: row.reason,
        runId: row.run_id === null ? null : encodeId('run', row.run_id),
        nominalAt: row.nominal_at.toISOString(),
      },
    }))
  await appendEvents(context, context.tx, events)
}
