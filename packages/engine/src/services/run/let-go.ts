import type { Clock } from '../../clock.ts'
import { forget } from '../bundles/sandbox-cache.ts'
import type { ActiveRun } from './active-run.ts'

/** Frees the coroutine. */
export function evict(clock: Clock, run: ActiveRun): void {
  run.state = 'done'
  quiet(clock, run)
  forget(run.bundle, run.id)
}

/** Clears every timer of a run. */
export function quiet(clock: Clock, run: ActiveRun): void {
  for (const open of run.open.values()) {
    if (open.timer) clock.clearTimeout(open.timer)
    open.timer = null
  }
  if (run.linger) clock.clearTimeout(run.linger)
  if (run.deadline) clock.clearTimeout(run.deadline)
  run.linger = null
  run.deadline = null
}
