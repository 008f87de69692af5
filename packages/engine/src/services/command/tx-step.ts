import type { StepImplementation } from '../../api.ts'
import { Ambiguous, Fenced } from '../../store/store.ts'
import { failpoint } from '../failpoints.ts'
import { type ActiveRun, isLive, type Outcome, toJournal } from '../run/active-run.ts'
import { enqueue, resolved } from '../run/deliver.ts'
import type { OpenStep } from '../run/open-command.ts'
import type { Scope } from '../run/scope.ts'
import { type BodyOutcome, perform } from './perform-step.ts'
import { settle } from './settle-step.ts'

class Failed extends Error {
  readonly outcome: BodyOutcome
  constructor(outcome: BodyOutcome) {
    super('the body failed')
    this.outcome = outcome
  }
}

/**
 * A transactional step: the body's database effects and the journal row commit together, under the worker's fence.
 * Invariant (I2): the row is numbered only when all earlier rows of the run are durable, and no other outcome of the
 * run is numbered until it has committed; so rows stay without gaps whatever commits or not.
 */
export function attemptTransactionally(
  scope: Scope,
  run: ActiveRun,
  open: OpenStep,
  implementation: StepImplementation,
  abort: AbortController,
): void {
  const startedAt = scope.clock.now()
  const transact = scope.store.transact
  if (transact === undefined) {
    const failure = { name: 'NonRetryableError', kind: 'non_retryable', message: 'this store has no transactional steps' } as const
    settle(scope, run, open, implementation, { ok: false, failure }, startedAt)
    return
  }
  let outcome: Outcome | null = null
  let isHolding = false
  const work = transact.call(scope.store, scope.worker(), async (tx) => {
    const result = await perform(scope, run, open, implementation, abort, { tx })
    if (!result.ok) throw new Failed(result)
    // One commit of a run after another.
    while (run.held) await new Promise<void>((resolve) => run.released.push(resolve))
    isHolding = true
    await hold(scope, run, abort.signal)
    if (!isLive(run) || run.open.get(open.cmd) !== open)
      throw new Failed({ ok: false, failure: { name: 'CancelledError', kind: 'cancelled', message: 'dropped' } })
    outcome = resolved(open, result.output, open.attempt, startedAt)
    failpoint('tx-step.before-commit')
    return toJournal(run, outcome, run.seq, Math.max(scope.clock.now(), run.at))
  })
  work.then(
    (row) => {
      failpoint('tx-step.after-commit')
      open.abort = null
      run.busy--
      run.seq = row.seq + 1
      run.at = row.at
      run.open.delete(open.cmd)
      if (outcome && isLive(run)) enqueue(scope, run, outcome, row.at)
      letGo(scope, run)
      scope.observe({ type: 'step', step: open.name, ok: true, tookMs: scope.clock.now() - startedAt, attempt: open.attempt })
    },
    (error: unknown) => {
      const isLost = error instanceof Fenced || error instanceof Ambiguous
      if (isLost) scope.lost(error)
      // Also when all is lost: others of this run, with transactions open, wait for their turn and have to learn of it.
      if (isHolding) letGo(scope, run)
      if (!isLost) settle(scope, run, open, implementation, toOutcome(error), startedAt)
    },
  )
}

function toOutcome(error: unknown): BodyOutcome {
  if (error instanceof Failed) return error.outcome
  const message = error instanceof Error ? error.message : String(error)
  return { ok: false, failure: { name: 'TransactionError', kind: 'error', message } }
}

/** Waits until all rows of the run are durable, while whatever needs the next number waits for the commit. */
async function hold(scope: Scope, run: ActiveRun, signal: AbortSignal): Promise<void> {
  run.held = []
  if (scope.flusher.isDurable(run.id)) return
  await new Promise<void>((resolve, reject) => {
    // Rows that were lost are never durable: the transaction must not stay open for them.
    const giveUp = (): void => reject(signal.reason)
    if (signal.aborted) return giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    scope.flusher.whenDurable(run.id, (error) => (error ? reject(error) : resolve()))
  })
}

/** What waited goes on, in its order; then the next transactional step may commit. */
function letGo(scope: Scope, run: ActiveRun): void {
  const held = run.held ?? []
  run.held = null
  for (const go of held) go()
  run.released.shift()?.()
  scope.considerIdle(run)
}
