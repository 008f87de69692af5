import { describeMessage, encodeId, ProblemError } from '@orrery/contract'
import type { StartOutcome, StartProblem, StartRequest } from '@orrery/engine'
import { appendEvents, isTransient } from '@orrery/kernel'
import type { AutomationRow } from '../automation-row.ts'
import type { FiringContext } from '../firing-context.ts'
import { type FiringRow, type InProgress, selectInProgress, writeFirings } from '../firing-store.ts'
import { afterRound, decideStarts, type StartRound, type StartRules, type StartState } from '../planning/decide-starts.ts'
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
  const decided = parts.map((part) => toUndecided(part, found.get(part.automation.automation_id)))
  for (let open = decided; open.length > 0; ) open = await decideRound(context, open)
  const rows = decided.flatMap((part) => [...part.rows, ...toBufferedRows(context, part)])
  await writeFirings(context.tx, context.org, rows)
  await emitFirings(context, rows)
  for (const { automation, state } of decided) {
    for (let count = 0; count < state.failures; count++) await countRunEnd(context, automation.automation_id, 'failed')
  }
  if (rows.some(({ is_running }) => is_running)) context.afterCommit(() => context.engine.nudge([]))
  return new Map(rows.map((row) => [row.firing_id, row]))
}

type Pending = FiringRow & { readonly overlap?: NonNullable<FiringRow['request']>['overlap'] & string }

/** One automation while its starts are decided. */
interface Undecided {
  readonly automation: AutomationRow
  /** As it was before this decision. */
  readonly inProgress: InProgress
  state: StartState<Pending>
  readonly rows: FiringRow[]
}

function toUndecided({ automation, fresh, skips }: FiringPart, inProgress: InProgress = { running: [], buffered: [] }): Undecided {
  const pending = [...inProgress.buffered, ...fresh].map(withOverlap)
  return { automation, inProgress, state: { pending, isRunning: inProgress.running.length > 0, failures: 0 }, rows: [...skips] }
}

const rulesOf = ({ definition, status, failures }: AutomationRow): StartRules => ({
  overlap: definition.overlap ?? 'skip',
  isPaused: status === 'paused',
  failures,
  pauseAfterFailures: definition.pauseAfterFailures,
})

/** Decides and starts one round of all automations; their starts share a statement. Returns the automations that need another round. */
async function decideRound(context: FiringContext, parts: readonly Undecided[]): Promise<Undecided[]> {
  const rounds = parts.map((part) => ({ part, round: decideStarts(rulesOf(part.automation), part.state) }))
  for (const { part, round } of rounds) await stopRunning(context, part.inProgress.running, round.stop)
  const starting = rounds.flatMap(({ part, round }) => round.starts.map((start) => ({ automation: part.automation, start })))
  const decisions = await startAll(context, starting)
  let at = 0
  return rounds.flatMap(({ part, round }) => {
    const skipped = round.skipped.map(({ start, reason }) => toDecidedRow(context, part.automation, start, { outcome: 'skipped', reason }))
    const started = round.starts.map((start) => toDecidedRow(context, part.automation, start, decisions[at++] ?? { outcome: 'failed' }))
    part.rows.push(...skipped, ...started)
    const results = started.map(({ outcome, is_running }) => ({ isRunning: is_running, isFailed: outcome === 'failed' }))
    const { isOpen, ...state } = afterRound(part.state, round, results)
    part.state = state
    return isOpen ? [part] : []
  })
}

/** The rows of starts that are buffered now and were not before. */
function toBufferedRows(context: FiringContext, { automation, inProgress, state }: Undecided): FiringRow[] {
  const before = new Set(inProgress.buffered.map(({ firing_id }) => firing_id))
  const fresh = state.pending.filter(({ firing_id }) => !before.has(firing_id))
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
  starting: readonly { readonly automation: AutomationRow; readonly start: Pending }[],
): Promise<Decision[]> {
  const decisions: Decision[] = []
  const asked: { readonly at: number; readonly request: StartRequest }[] = []
  for (const [at, { automation, start }] of starting.entries()) {
    try {
      asked.push({ at, request: await toStart(context, automation, start) })
    } catch (error) {
      // A start that the definition or the event makes impossible is recorded as failed. Any other error fails the transaction: a bug, or
      // what passes, such as a server that is stopping.
      if (!(error instanceof ProblemError) || isTransient(error)) throw error
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
        reason: outcome.issues.map(({ path, message }) => `input${path === '' ? '' : `.${path}`}: ${describeMessage(message)}`).join('; '),
      }
  }
}

async function stopRunning(context: FiringContext, running: readonly string[], stop: StartRound<Pending>['stop']): Promise<void> {
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
      type: 'automation.fired' as const,
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
