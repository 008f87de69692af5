import { Ambiguous, Fenced } from '../../store/store-errors.ts'
import { failpoint } from '../failpoints.ts'
import { type ActiveRun, isLive, type Outcome, toJournal } from '../run/active-run.ts'
import { enqueue, resolved } from '../run/deliver.ts'
import { considerIdle } from '../run/park.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { type BodyOutcome, perform } from './perform-step.ts'
import type { Attempt } from './step-context.ts'

class Failed extends Error {
  readonly outcome: BodyOutcome
  constructor(outcome: BodyOutcome) {
    super('the body failed')
    this.outcome = outcome
  }
}

/**
 * A transactional step: the body's database effects and the journal row commit together, under the worker's fence.
 * Invariant (I2): the row gets its number only when all earlier rows of the run are durable, and no other outcome of the run gets a number
 * until the transaction has ended. So the rows have no gaps even if it does not commit. `onFailed`: nothing was written.
 */
export function attemptTransactionally(scope: WorkerScope, attempt: Attempt, onFailed: (outcome: BodyOutcome) => void): void {
  const { run, open, abort, startedAt } = attempt
  const transact = scope.store.transact
  if (transact === undefined) {
    const failure = { name: 'NonRetryableError', kind: 'non_retryable', message: 'this store has no transactional steps' } as const
    onFailed({ ok: false, failure })
    return
  }
  let outcome: Outcome | null = null
  let isHolding = false
  const worker = scope.worker()
  const work = transact.call(scope.store, worker, async (tx) => {
    const result = await perform(scope, attempt, { tx })
    if (!result.ok) throw new Failed(result)
    // A run commits its transactional steps one after another.
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
      releaseHeld(scope, run)
      scope.observe({ type: 'step', step: open.name, ok: true, tookMs: scope.clock.now() - startedAt, attempt: open.attempt })
    },
    (error: unknown) => {
      const isLost = error instanceof Fenced || error instanceof Ambiguous
      // An error may come after the loss of which it is a part. The runs that this process has claimed since are not concerned.
      if (isLost && worker === scope.worker()) scope.flusher.abandon(error)
      // Also after a loss: other steps of this run hold open transactions, wait for their turn and must notice the loss.
      if (isHolding) releaseHeld(scope, run)
      if (!isLost) onFailed(toOutcome(error))
    },
  )
}

function toOutcome(error: unknown): BodyOutcome {
  if (error instanceof Failed) return error.outcome
  const message = error instanceof Error ? error.message : String(error)
  return { ok: false, failure: { name: 'TransactionError', kind: 'error', message } }
}

/** Waits until all rows of the run are durable. From here on, everything that needs the next number waits for the commit. */
async function hold(scope: WorkerScope, run: ActiveRun, signal: AbortSignal): Promise<void> {
  run.held = []
  if (scope.flusher.isDurable(run.id)) return
  await new Promise<void>((resolve, reject) => {
    // Lost rows never become durable, so the transaction must not wait for them.
    const giveUp = (): void => reject(signal.reason)
    if (signal.aborted) return giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    scope.flusher.whenDurable(run.id, (error) => (error ? reject(error) : resolve()))
  })
}

/** Continues the work that waited for the commit, in its order. Then the next transactional step may commit. */
function releaseHeld(scope: WorkerScope, run: ActiveRun): void {
  const held = run.held ?? []
  run.held = null
  for (const proceed of held) proceed()
  run.released.shift()?.()
  considerIdle(scope, run)
}
