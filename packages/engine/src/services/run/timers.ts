import type { Clock } from '../../clock.ts'
import { forget } from '../bundles/sandbox-cache.ts'
import type { ActiveRun } from './active-run.ts'

/** Drops a run, including its coroutine, from this process's memory. */
export function evict(clock: Clock, run: ActiveRun): void {
  clearTimers(clock, run)
  run.phase = { type: 'gone' }
  forget(run.bundle, run.id)
}

/** Clears every timer of a run. */
export function clearTimers(clock: Clock, run: ActiveRun): void {
  for (const open of run.open.values()) {
    if (open.timer) clock.clearTimeout(open.timer)
    open.timer = null
  }
  stopLingering(clock, run)
  if (run.deadline) clock.clearTimeout(run.deadline)
  run.deadline = null
}

export function stopLingering(clock: Clock, { phase }: ActiveRun): void {
  if (phase.type !== 'live' || phase.linger === null) return
  clock.clearTimeout(phase.linger)
  phase.linger = null
}
