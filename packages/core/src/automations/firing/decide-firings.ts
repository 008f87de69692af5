import { encodeId, ProblemError } from '@orrery/contract'
import type { StartOutcome, StartProblem, StartRequest } from '@orrery/engine'
import { appendEvents } from '@orrery/kernel'
import type { AutomationRow } from '../automation-row.ts'
import type { FiringContext } from '../firing-context.ts'
import { type FiringCauseName, type FiringRow, type InProgress, selectInProgress, writeFirings } from '../firing-store.ts'
import { decideOverlap, type OverlapDecision } from '../planning/decide-overlap.ts'
import { countRunEnd } from './count-run-end.ts'
import { toStart } from './to-start.ts'

/** The firings of one automation. The caller has locked its row. */
export interface FiringPart {
  readonly automation: AutomationRow
  /** New starts, in order. `decideFirings` sets their outcome, reason and run. */
  readonly fresh: readonly FiringRow[]
  /** Rows that are recorded only. */
  readonly skips: readonly FiringRow[]
}

/**
 * Decides about new and buffered starts by each automation's overlap policy, and starts the runs that may start, all in the caller's
 * transaction. A run has the id of its firing, so no firing starts a second run. Returns the rows that were written, by id.
 */
export async function decideFirings(context: FiringContext, parts: readonly FiringPart[]): Promise<ReadonlyMap<string, FiringRow>> {
  const ids = parts.map(({ automation }) => automation.automation_id)
  const found = await selectInProgress(context.tx, context.org, ids)
  const undecided = parts.map((part) => toUndecided(part, found.get(part.automation.automation_id)))
  // Repeated for automations where no run has started although other starts wait: one of those may start instead.
  for (let open = undecided; open.length > 0; ) open = await decideOnce(context, open)
  const rows = undecided.flatMap((part) => [...part.rows, ...toBufferedRows(context, part)])
  await writeFirings(context.tx, context.org, rows)
  await emitFirings(context, rows)
  for (const { automation, failures } of undecided) {
    for (let count = 0; count < failures; count++) await countRunEnd(context, automation.automation_id, 'failed')
  }
  if (rows.some(({ is_running }) => is_running)) context.afterCommit(() => context.engine.nudge([]))
  return new Map(rows.map((row) => [row.firing_id, row]))
}

type Pending = FiringRow & { readonly overlap?: NonNullable<FiringRow['request']>['overlap'] & string }

/** The state of the decision about one automation. */
interface Undecided {
  readonly automation: AutomationRow
  /** As it was before this decision. */
  readonly inProgress: InProgress
  pending: Pending[]
  isRunning: boolean
  failures: number
  readonly rows: FiringRow[]
}

function toUndecided({ automation, fresh, skips }: FiringPart, inProgress: InProgress = { running: [], buffered: [] }): Undecided {
  const pending = [...inProgress.buffered, ...fresh].map(withOverlap)
  return { automation, inProgress, pending, isRunning: inProgress.running.length > 0, failures: 0, rows: [...skips] }
}

/** Causes that a pause stops. An operation or a tool requested the others, which is allowed while the automation is paused. */
const AUTOMATIC_CAUSES: ReadonlySet<FiringCauseName> = new Set(['schedule', 'event', 'condition', 'webhook'])

/** True also if the starts that failed in this decision are about to pause it. */
function isPaused({ automation, failures }: Undecided): boolean {
  const pauseAfter = automation.definition.pauseAfterFailures
  return automation.status === 'paused' || (failures > 0 && pauseAfter !== undefined && automation.failures + failures >= pauseAfter)
}

function skipWaiting(context: FiringContext, part: Undecided): void {
  const dropped = part.pending.filter(({ cause }) => AUTOMATIC_CAUSES.has(cause))
  part.rows.push(...dropped.map((start) => toDecidedRow(context, part.automation, start, { outcome: 'skipped', reason: 'paused' })))
  part.pending = part.pending.filter(({ cause }) => !AUTOMATIC_CAUSES.has(cause))
}

/** Returns the automations that must be decided again. */
async function decideOnce(context: FiringContext, parts: readonly Undecided[]): Promise<Undecided[]> {
  const starting: { readonly part: Undecided; readonly start: Pending }[] = []
  for (const part of parts) {
    const { automation, inProgress } = part
    if (isPaused(part)) skipWaiting(context, part)
    const overlap = decideOverlap<Pending>(automation.definition.overlap ?? 'skip', part.isRunning, part.pending)
    for (const { start, reason } of overlap.skipped)
      part.rows.push(toDecidedRow(context, automation, start, { outcome: 'skipped', reason }))
    starting.push(...overlap.starts.map((start) => ({ part, start })))
    await stopRunning(context, inProgress.running, overlap.stop)
    part.pending = [...overlap.buffered]
  }
  const decisions = await startAll(context, starting)
  const notStarted = new Set<Undecided>()
  for (const [at, { part, start }] of starting.entries()) {
    const row = toDecidedRow(context, part.automation, start, decisions[at] ?? { outcome: 'failed' })
    part.rows.push(row)
    if (row.outcome === 'failed') part.failures += 1
    if (row.is_running) part.isRunning = true
    else notStarted.add(part)
  }
  return [...notStarted].filter(({ isRunning, pending }) => !isRunning && pending.length > 0)
}

/** The rows of starts that are buffered now and were not before. */
function toBufferedRows(context: FiringContext, { automation, inProgress, pending }: Undecided): FiringRow[] {
  const before = new Set(inProgress.buffered.map(({ firing_id }) => firing_id))
  const fresh = pending.filter(({ firing_id }) => !before.has(firing_id))
  return fresh.map((start) => toDecidedRow(context, automation, start, { outcome: 'buffered' }))
}

const withOverlap = (row: FiringRow): Pending => (row.request?.overlap === undefined ? row : { ...row, overlap: row.request.overlap })

type Decision = Pick<FiringRow, 'outcome'> & Partial<Pick<FiringRow, 'reason' | 'run_id' | 'is_running'>>

function toDecidedRow(context: FiringContext, automation: AutomationRow, start: Pending, decision: Decision): FiringRow {
  const { overlap: _, ...row } = start
  const request = decision.outcome === 'buffered' ? row.request : null
  const nothing = { reason: null, run_id: null, is_running: false }
  return { ...row, ...nothing, ...decision, request, version: automation.version, decided_at: new Date(context.nowMs) }
}

async function startAll(
  context: FiringContext,
  starting: readonly { readonly part: Undecided; readonly start: Pending }[],
): Promise<Decision[]> {
  const decisions: Decision[] = []
  const asked: { readonly at: number; readonly request: StartRequest }[] = []
  for (const [at, { part, start }] of starting.entries()) {
    try {
      asked.push({ at, request: await toStart(context, part.automation, start) })
    } catch (error) {
      // A start that the definition or the event makes impossible is recorded as failed. Any other error is a bug and fails the
      // transaction.
      if (!(error instanceof ProblemError)) throw error
      decisions[at] = { outcome: 'failed', reason: error.detail }
    }
  }
  const requests = asked.map(({ request }) => request)
  const outcomes = requests.length === 0 ? [] : await context.engine.startMany(requests, context.tx.client)
  for (const [index, { at }] of asked.entries()) {
    const outcome = outcomes[index]
    if (outcome !== undefined) decisions[at] = toDecision(outcome)
  }
  return decisions
}

function toDecision(outcome: StartOutcome | StartProblem): Decision {
  switch (outcome.type) {
    case 'started':
      return { outcome: 'started', run_id: outcome.run, is_running: true }
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

async function stopRunning(context: FiringContext, running: readonly string[], stop: OverlapDecision<Pending>['stop']): Promise<void> {
  if (stop === 'none') return
  for (const run of running) {
    await context.engine.cancel(
      context.org,
      run,
      'A newer run of the automation replaces it',
      { terminate: stop === 'terminate' },
      context.tx.client,
    )
  }
  context.afterCommit(() => context.engine.nudge(running))
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
