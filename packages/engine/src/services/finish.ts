import type { RunAnswer } from '../api.ts'
import type { FinalStatus, FinishRow } from '../store/store.ts'
import type { Completion, Delivery, Failure } from '../workflow/protocol.ts'
import type { ActiveRun } from './active-run.ts'
import { childId } from './child-id.ts'
import { closeChild } from './close-child.ts'
import { deliverCancel, note } from './deliver.ts'
import { evict, quiet } from './let-go.ts'
import { abortStep, marker, startDelivery } from './open-command.ts'
import { runEvent } from './run-event.ts'
import { forget } from './sandbox-cache.ts'
import type { Scope } from './scope.ts'

/**
 * Ends a run once the children that it started and did not wait for are started, no start of a child is on its way, and no transactional
 * step is committing.
 */
export function endWith(scope: Scope, run: ActiveRun, completion: Completion): void {
  const leaving = [...run.open.values()].filter((open) => open.type === 'child' && open.command.detached)
  if (leaving.length === 0 && run.starting === 0 && run.held === null) return finish(scope, run, completion)
  run.ending = completion
  for (const open of leaving) scope.begin(run, open, false)
}

/** Ends a run, or starts its next generation. The last journal rows, the result and the parent's wake-up share one flush. */
export function finish(scope: Scope, run: ActiveRun, completion: Completion): void {
  for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'the run ended')
  quiet(scope.clock, run)
  const children = [...run.open.values()].filter((open) => open.type === 'child')
  run.open.clear()
  const unheard = run.queue.splice(0).map((activation) => activation.delivery)
  if (completion.type === 'continued') return startGeneration(scope, run, JSON.stringify(completion.input), unheard)
  const at = Math.max(scope.clock.now(), run.at)
  const row = toFinish(run, completion, at)
  run.state = 'done'
  for (const child of children) closeChild(scope, run, child)
  tellParent(scope, run, row, at)
  scope.flusher.add(
    run.id,
    'events',
    runEvent(run, `run.${row.status}`, row.error ? { error: { name: row.error.name, message: row.error.message } } : {}, at),
  )
  scope.flusher.add(run.id, 'finishes', row)
  scope.flusher.whenDurable(run.id, (error) => {
    if (error !== null || scope.active.get(run.id) !== run) return
    scope.active.delete(run.id)
    evict(scope.clock, run)
    scope.observe({ type: 'finished', workflow: run.row.workflow, status: row.status })
    const answer: RunAnswer = { status: row.status, output: row.output, error: row.error, at }
    scope.ended(run, answer)
    scope.wantClaim()
  })
}

function toFinish(run: ActiveRun, completion: Exclude<Completion, { type: 'continued' }>, at: number): FinishRow {
  const base = { org: run.row.org, run: run.id, at, holds: run.row.holds }
  switch (completion.type) {
    case 'succeeded':
      return { ...base, status: 'succeeded', output: JSON.stringify(completion.output), error: null }
    case 'failed':
      return { ...base, status: 'failed', output: null, error: completion.error }
    case 'cancelled': {
      const status: FinalStatus = completion.timedOut ? 'timed_out' : 'cancelled'
      const message = completion.timedOut ? 'the run took longer than its time limit' : 'the run was cancelled'
      return {
        ...base,
        status,
        output: null,
        error: { name: 'CancelledError', kind: completion.timedOut ? 'timeout' : 'cancelled', message },
      }
    }
  }
}

function tellParent(scope: Scope, run: ActiveRun, row: FinishRow, at: number): void {
  const parent = run.row.parent
  if (parent === null) return
  // Invariant (I11): the id depends on the child alone, so that telling twice is telling once.
  const id = childId(run.id, 0, -1, at)
  const error: Failure | null = row.error
  scope.flusher.add(run.id, 'messages', {
    org: run.row.org,
    run: parent.run,
    id,
    kind: 'child',
    name: `${parent.cmd} ${run.id}`,
    payload: row.output,
    error,
  })
}

/** `continueAsNew`: a journal row with the new input, at which replay starts from now on. */
function startGeneration(scope: Scope, run: ActiveRun, input: string, unheard: readonly Delivery[]): void {
  run.generation++
  run.base = run.seq
  run.ending = null
  note(scope, run, { ...marker('generation', String(run.generation), run.at, input), input: null })
  const { at } = run
  if (run.bundle.hash !== run.row.bundle) note(scope, run, marker('version', run.bundle.hash, at))
  forget(run.bundle, run.id)
  run.queue.push({ run: run.id, at, replaying: false, delivery: startDelivery(run, input, []) })
  scope.schedule(run)
  // Invariant (I10): a request to stop that the code had not heard of when it ended is for the code that goes on.
  run.cancelled = false
  for (const delivery of unheard) if (delivery.type === 'cancel') deliverCancel(scope, run, delivery.reason, delivery.timedOut)
  scope.armDeadline(run)
}
