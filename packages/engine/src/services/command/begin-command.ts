import type { Completion } from '../../workflow/protocol.ts'
import { type ActiveRun, isLive, isPausing, type OpenCommand } from '../run/active-run.ts'
import { armDeadline } from '../run/cancel.ts'
import { deliver, rejected, resolved } from '../run/deliver.ts'
import { finish } from '../run/finish.ts'
import { abortStep } from '../run/open-command.ts'
import { stopLingering } from '../run/timers.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { receiveSignal } from './signals.ts'
import { startChild } from './start-child.ts'
import { startStep } from './start-step.ts'

/**
 * Begins an open command of a live run. `fresh`: the command was issued just now, so it has no effects yet. Otherwise (after a replay, or
 * when a parked run continues) an earlier incarnation of the run may have begun it.
 */
export function beginCommand(scope: WorkerScope, run: ActiveRun, open: OpenCommand, fresh: boolean): void {
  if (open.timer) return
  if (run.held && open.type === 'signal')
    return void run.held.push(() => isLive(run) && run.open.get(open.cmd) === open && beginCommand(scope, run, open, fresh))
  switch (open.type) {
    case 'step':
      startStep(scope, run, open)
      return
    case 'sleep':
      if (!isPausing(run)) armSleep(scope, run, open)
      return
    case 'signal':
      if (isPausing(run) || receiveSignal(scope, run, open)) return
      armSignalTimeout(scope, run, open)
      return
    case 'child':
      if (open.begun === 'no') startChild(scope, run, open, fresh)
      return
  }
}

/** Continues a run that was parked, paused or replayed: begins everything that it waits for again, unless it is pausing. */
export function continueRun(scope: WorkerScope, run: ActiveRun, pausing: boolean): void {
  stopLingering(scope.clock, run)
  run.phase = { type: 'live', pausing, linger: null }
  if (pausing) return
  armDeadline(scope, run)
  for (const open of [...run.open.values()]) if (isLive(run) && run.open.get(open.cmd) === open) beginCommand(scope, run, open, false)
}

/**
 * Ends a run. First waits until its detached children are started, no start of a child is in progress, and no transactional step is
 * committing.
 */
export function endRun(scope: WorkerScope, run: ActiveRun, completion: Completion): void {
  const leaving = [...run.open.values()].filter((open) => open.type === 'child' && open.command.detached)
  if (leaving.length === 0 && run.starting === 0 && run.held === null) return finish(scope, run, completion)
  stopLingering(scope.clock, run)
  run.phase = { type: 'ending', pausing: isPausing(run), completion }
  for (const open of leaving) beginCommand(scope, run, open, false)
}

/** Ends a run without its cleanup, once no start of a child is in progress and no transactional step is committing. */
export function terminate(scope: WorkerScope, run: ActiveRun, reason: string): void {
  run.generation.cancelled = reason
  const completion: Completion = { type: 'cancelled', timedOut: false }
  if (run.held) return void run.held.push(() => isLive(run) && terminate(scope, run, reason))
  if (run.starting === 0) return finish(scope, run, completion)
  for (const open of [...run.open.values()]) {
    if (open.type !== 'step') continue
    abortStep(open, 'the run was terminated')
    run.open.delete(open.cmd)
  }
  stopLingering(scope.clock, run)
  run.queue.length = 0
  run.phase = { type: 'ending', pausing: false, completion }
}

function armSleep(scope: WorkerScope, run: ActiveRun, open: Extract<OpenCommand, { type: 'sleep' }>): void {
  const wait = open.until - scope.clock.now()
  const fire = (): void => {
    open.timer = null
    if (run.open.get(open.cmd) !== open || isPausing(run)) return
    const late = scope.clock.now() - open.until
    if (late < 0) return armSleep(scope, run, open)
    scope.observe({ type: 'timer_late', lateMs: late })
    deliver(scope, run, resolved(open, 'null', 0, run.at))
  }
  if (wait <= 0) fire()
  else open.timer = scope.clock.setTimeout(fire, wait)
}

function armSignalTimeout(scope: WorkerScope, run: ActiveRun, open: Extract<OpenCommand, { type: 'signal' }>): void {
  const until = open.until
  if (until === null) return
  const fire = (): void => {
    open.timer = null
    if (run.open.get(open.cmd) !== open || isPausing(run)) return
    if (scope.clock.now() < until) return armSignalTimeout(scope, run, open)
    const error = { name: 'TimeoutError', kind: 'timeout', message: `no signal "${open.name}" arrived in time` } as const
    deliver(scope, run, rejected(open, error, 0, run.at))
  }
  const wait = until - scope.clock.now()
  if (wait <= 0) fire()
  else open.timer = scope.clock.setTimeout(fire, wait)
}
