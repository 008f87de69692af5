import type { ActiveRun, OpenCommand } from './active-run.ts'
import { startStep } from './attempt-step.ts'
import { deliver, deliverCancel, rejected, resolved } from './deliver.ts'
import { receiveSignal } from './inbox.ts'
import type { Scope } from './scope.ts'
import { startChild } from './start-child.ts'

/** setTimeout's own limit; a longer wait is parked long before. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Sets an open command going in a live run. `fresh`: it was issued just now, so nothing of it can exist yet;
 * otherwise (after a replay, or when a parked run comes back) an earlier incarnation may have begun it.
 */
export function begin(scope: Scope, run: ActiveRun, open: OpenCommand, fresh: boolean): void {
  if (open.timer) return
  if (run.held && open.type === 'signal') return void run.held.push(() => run.open.get(open.cmd) === open && begin(scope, run, open, fresh))
  switch (open.type) {
    case 'step':
      startStep(scope, run, open)
      return
    case 'sleep':
      if (!run.pausing) armSleep(scope, run, open)
      return
    case 'signal':
      if (run.pausing || receiveSignal(scope, run, open)) return
      armSignalTimeout(scope, run, open)
      return
    case 'child':
      if (open.begun === 'no') startChild(scope, run, open, fresh)
      return
  }
}

function armSleep(scope: Scope, run: ActiveRun, open: Extract<OpenCommand, { type: 'sleep' }>): void {
  const wait = open.until - scope.clock.now()
  const fire = (): void => {
    open.timer = null
    if (run.open.get(open.cmd) !== open || run.pausing) return
    const late = scope.clock.now() - open.until
    if (late < 0) return armSleep(scope, run, open)
    scope.observe({ type: 'timer_late', lateMs: late })
    deliver(scope, run, resolved(open, 'null', 0, run.at))
  }
  if (wait <= 0) fire()
  else open.timer = scope.clock.setTimeout(fire, Math.min(wait, TIMER_MAX_MS))
}

function armSignalTimeout(scope: Scope, run: ActiveRun, open: Extract<OpenCommand, { type: 'signal' }>): void {
  const until = open.until
  if (until === null) return
  const fire = (): void => {
    open.timer = null
    if (run.open.get(open.cmd) !== open || run.pausing) return
    if (scope.clock.now() < until) return armSignalTimeout(scope, run, open)
    const error = { name: 'TimeoutError', kind: 'timeout', message: `no signal "${open.name}" arrived in time` } as const
    deliver(scope, run, rejected(open, error, 0, run.at))
  }
  const wait = until - scope.clock.now()
  if (wait <= 0) fire()
  else open.timer = scope.clock.setTimeout(fire, Math.min(wait, TIMER_MAX_MS))
}

/** Arms the run's own deadline. */
export function armDeadline(scope: Scope, run: ActiveRun): void {
  const deadline = run.row.deadline
  if (deadline === null || run.cancelled || run.deadline) return
  const wait = deadline - scope.clock.now()
  const fire = (): void => {
    run.deadline = null
    if (run.state !== 'live' || run.pausing) return
    if (scope.clock.now() < deadline) armDeadline(scope, run)
    else deliverCancel(scope, run, 'its time ran out', true)
  }
  if (wait <= 0) fire()
  else run.deadline = scope.clock.setTimeout(fire, Math.min(wait, TIMER_MAX_MS))
}
