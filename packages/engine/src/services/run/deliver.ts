import type { JsonText } from '../../store/store.ts'
import type { Failure, Json } from '../../workflow/protocol.ts'
import { type ActiveRun, isLive, type OpenCommand, type Outcome, toJournal } from './active-run.ts'
import { runEvent } from './run-event.ts'
import type { WorkerScope } from './worker-scope.ts'

/** The shortest time between two progress events of a run. */
const PROGRESS_MS = 1000

/**
 * Journals an outcome and queues it for the workflow. The workflow sees it at once; external effects that it then asks for wait until the
 * row is durable (Invariant I3, kept by `whenSafe`).
 */
export function deliver(scope: WorkerScope, run: ActiveRun, outcome: Outcome): void {
  if (!isLive(run)) return
  if (run.held) {
    // Two outcomes of one command may arrive: a child left behind is started again when the code ends. Only the first counts.
    const open = run.open.get(outcome.cmd)
    const isAnswered = () => open !== undefined && run.open.get(outcome.cmd) !== open
    return void run.held.push(() => void (isAnswered() || deliver(scope, run, outcome)))
  }
  const at = Math.max(scope.clock.now(), run.at)
  journal(scope, run, outcome, at)
  run.open.delete(outcome.cmd)
  enqueue(scope, run, outcome, at)
}

/** Journals a row without delivering it: a failed attempt or a marker. */
export function record(scope: WorkerScope, run: ActiveRun, outcome: Omit<Outcome, 'delivery'>): void {
  if (!isLive(run)) return
  if (run.held) return void run.held.push(() => record(scope, run, outcome))
  journal(scope, run, outcome, Math.max(scope.clock.now(), run.at))
}

/** Queues the delivery of an outcome whose row is already journalled. */
export function enqueue(scope: WorkerScope, run: ActiveRun, outcome: Outcome, at: number): void {
  run.queue.push({ run: run.id, at, replaying: false, delivery: outcome.delivery })
  if (outcome.kind === 'step') {
    run.progress.steps++
    reportProgress(scope, run)
  }
  scope.turns.schedule(run)
}

function journal(scope: WorkerScope, run: ActiveRun, outcome: Omit<Outcome, 'delivery'>, at: number): void {
  run.at = at
  scope.flusher.add(run.id, 'journal', toJournal(run, outcome, run.seq, at))
  run.seq++
}

/** Emits the progress of a run with many steps, at most once a second. */
function reportProgress(scope: WorkerScope, run: ActiveRun): void {
  const now = run.at
  if (now - run.progress.reportedAt < PROGRESS_MS) return
  run.progress.reportedAt = now
  scope.flusher.add(run.id, 'events', runEvent(run, 'run.progress', { steps: run.progress.steps, seq: run.seq - 1 }, now))
}

export function resolved(open: OpenCommand, output: JsonText, attempt: number, startedAt: number): Outcome {
  const delivery = { type: 'resolve', cmd: open.cmd, value: JSON.parse(output) as Json } as const
  return { kind: open.type, cmd: open.cmd, name: open.name, input: open.input, output, error: null, attempt, startedAt, delivery }
}

export function rejected(open: OpenCommand, error: Failure, attempt: number, startedAt: number): Outcome {
  const delivery = { type: 'reject', cmd: open.cmd, error } as const
  return { kind: open.type, cmd: open.cmd, name: open.name, input: open.input, output: null, error, attempt, startedAt, delivery }
}

/**
 * Calls `begin` once everything that this run has seen so far is durable, which is when an external effect may begin. Never calls it if the
 * run was lost.
 */
export function whenSafe(scope: WorkerScope, run: ActiveRun, begin: () => void): void {
  if (run.held) return void run.held.push(() => isLive(run) && whenSafe(scope, run, begin))
  if (scope.flusher.isDurable(run.id)) begin()
  else
    scope.flusher.whenDurable(run.id, (error) => {
      if (error === null && isLive(run)) begin()
    })
}
