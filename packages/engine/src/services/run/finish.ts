import type { RunAnswer } from '../../api.ts'
import { locateStack } from '../../sandbox/locate-stack.ts'
import { stopped } from '../../store/stopped.ts'
import type { FinishRow } from '../../store/store.ts'
import { toFailure } from '../../workflow/errors.ts'
import type { Completion, Delivery, Failure } from '../../workflow/protocol.ts'
import { forget, type LoadedBundle } from '../bundles/sandbox-cache.ts'
import { type ActiveRun, isPausing } from './active-run.ts'
import { armDeadline, deliverCancel } from './cancel.ts'
import { record } from './deliver.ts'
import { childId } from './ids.ts'
import { abortStep, marker, startDelivery } from './open-command.ts'
import { runEvent } from './run-event.ts'
import { clearTimers, evict } from './timers.ts'
import type { WorkerScope } from './worker-scope.ts'

/** Ends a run, or starts its next generation. The last journal rows, the result and the parent's message share one flush. */
export function finish(scope: WorkerScope, run: ActiveRun, completion: Completion): void {
  for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'the run ended')
  clearTimers(scope.clock, run)
  const children = [...run.open.values()].flatMap((open) => (open.type === 'child' ? [open.child] : []))
  run.open.clear()
  const unheard = run.queue.splice(0).map((activation) => activation.delivery)
  if (completion.type === 'continued') return startGeneration(scope, run, JSON.stringify(completion.input), unheard)
  const at = Math.max(scope.clock.now(), run.at)
  // Children of earlier generations are not among the open commands.
  const mayLeave = children.length > 0 || run.generation.number > 0
  const row = toFinish(run, completion, at, mayLeave ? children : null)
  run.phase = { type: 'gone' }
  notifyParent(scope, run, row, at)
  scope.flusher.add(
    run.id,
    'events',
    runEvent(run, `run.${row.status}`, row.error ? { error: { name: row.error.name, message: row.error.message } } : {}, at),
  )
  scope.flusher.add(run.id, 'finishes', row)
  scope.flusher.whenDurable(run.id, (error) => {
    if (error !== null || scope.active.get(run.id) !== run) return
    scope.active.delete(run.id)
    scope.suspects.delete(run.id)
    evict(scope.clock, run)
    scope.observe({ type: 'finished', workflow: run.row.workflow, status: row.status })
    const answer: RunAnswer = { status: row.status, output: row.output, error: row.error, at }
    scope.ended(run, answer)
    scope.wantClaim()
  })
}

/** The error with places in the author's files. That of a step has none of its own in the workflow, so the places of its cause follow. */
function locate(bundle: LoadedBundle, failure: Failure): Failure {
  const { stack, errors } = failure
  const cause = failure.cause && locate(bundle, failure.cause)
  const located = stack === undefined || bundle.map === null ? stack : locateStack(stack, bundle.code, bundle.map)
  const isPlaced = located === undefined || cause?.stack === undefined || located.includes('\n    at ')
  return {
    ...failure,
    ...(located === undefined ? {} : { stack: isPlaced ? located : `${located}\ncaused by ${cause.stack}` }),
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors: errors.map((each) => locate(bundle, each)) }),
  }
}

function toFinish(
  run: ActiveRun,
  completion: Exclude<Completion, { type: 'continued' }>,
  at: number,
  children: FinishRow['children'],
): FinishRow {
  const base = { org: run.row.org, run: run.id, at, holds: run.row.holds, children }
  switch (completion.type) {
    case 'succeeded':
      return { ...base, status: 'succeeded', output: JSON.stringify(completion.output), error: null }
    case 'failed':
      // A bundle that was built elsewhere may keep to no limits, and an error becomes an event too.
      return { ...base, status: 'failed', output: null, error: locate(run.bundle, toFailure(completion.error)) }
    case 'cancelled': {
      const status = completion.timedOut ? 'timed_out' : 'cancelled'
      return { ...base, status, output: null, error: stopped(status, run.generation.cancelled ?? '') }
    }
  }
}

function notifyParent(scope: WorkerScope, run: ActiveRun, row: FinishRow, at: number): void {
  const parent = run.row.parent
  if (parent === null) return
  // Invariant (I11): the id depends only on the child, so a message sent twice is received once.
  const id = childId(run.id, 0, -1, at)
  const address = { org: run.row.org, run: parent.run, id }
  scope.flusher.add(run.id, 'messages', { ...address, kind: 'child', cmd: parent.cmd, child: run.id, output: row.output, error: row.error })
}

/** `continueAsNew`: a journal row with the new input, from which replay starts afterwards. */
function startGeneration(scope: WorkerScope, run: ActiveRun, input: string, unheard: readonly Delivery[]): void {
  const number = run.generation.number + 1
  const { seq } = run
  const idle = seq === run.generation.from ? run.generation.idle + 1 : 0
  run.generation = { number, base: seq, cancelled: null, idle, from: seq }
  run.phase = { type: 'live', pausing: isPausing(run), linger: null }
  record(scope, run, { ...marker('generation', String(number), run.at, input), input: null })
  const { at } = run
  if (run.bundle.hash !== run.row.bundle) record(scope, run, marker('version', run.bundle.hash, at))
  run.generation.from = run.seq
  forget(run.bundle, run.id)
  run.host = run.bundle.host
  run.queue.push({ run: run.id, at, replaying: false, delivery: startDelivery(run, input, []) })
  scope.turns.schedule(run)
  // Invariant (I10): a request to stop that the code had not seen when it ended goes to the code that continues.
  for (const delivery of unheard) if (delivery.type === 'cancel') deliverCancel(scope, run, delivery.reason, delivery.timedOut)
  armDeadline(scope, run)
}
