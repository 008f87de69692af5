/** One round of the decision about an automation's starts, and what follows from the answers of the engine. Pure. */

import { decideOverlap, type OverlapDecision, type PendingStart, type RunOverlap } from './decide-overlap.ts'
import type { FiringCause } from './firing-id.ts'

export interface StartRules {
  readonly overlap: RunOverlap
  readonly isPaused: boolean
  /** Failed runs in a row, before this decision. */
  readonly failures: number
  /** The automation is paused after this many. Absent: never. */
  readonly pauseAfterFailures?: number | undefined
}

export interface StartState<S> {
  /** Buffered starts and new ones, in order. */
  readonly pending: readonly S[]
  readonly isRunning: boolean
  /** Starts that failed in this decision. */
  readonly failures: number
}

export interface StartRound<S> {
  /** To be tried now, in this order. */
  readonly starts: readonly S[]
  readonly skipped: readonly { readonly start: S; readonly reason: 'overlap' | 'buffer_full' | 'superseded' | 'paused' }[]
  readonly stop: OverlapDecision<S>['stop']
  /** Starts that stay in the buffer. */
  readonly buffered: readonly S[]
}

/** Causes that a pause stops. An operation or a tool requested the others, which is allowed while the automation is paused. */
const AUTOMATIC_CAUSES: ReadonlySet<FiringCause['kind']> = new Set(['schedule', 'event', 'condition', 'webhook'])

export function decideStarts<S extends PendingStart & { readonly cause: FiringCause['kind'] }>(
  rules: StartRules,
  { pending, isRunning, failures }: StartState<S>,
): StartRound<S> {
  const isStopped = ({ cause }: S) => AUTOMATIC_CAUSES.has(cause)
  const isPaused = rules.isPaused || isPausedBy(rules, failures)
  const { starts, buffered, skipped, stop } = decideOverlap(
    rules.overlap,
    isRunning,
    isPaused ? pending.filter((start) => !isStopped(start)) : pending,
  )
  const paused = isPaused ? pending.filter(isStopped).map((start) => ({ start, reason: 'paused' as const })) : []
  return { starts, buffered, skipped: [...paused, ...skipped], stop }
}

/** Whether the starts that failed in this decision are about to pause the automation. */
const isPausedBy = ({ failures: before, pauseAfterFailures }: StartRules, failures: number): boolean =>
  failures > 0 && pauseAfterFailures !== undefined && before + failures >= pauseAfterFailures

/**
 * @param results of the round's starts, in their order
 * @returns the state after the round. `isOpen`: a start did not become a run although others wait, so one of those may start instead.
 */
export function afterRound<S>(
  { isRunning, failures }: StartState<S>,
  { buffered }: StartRound<S>,
  results: readonly { readonly isRunning: boolean; readonly isFailed: boolean }[],
): StartState<S> & { readonly isOpen: boolean } {
  const hasRun = isRunning || results.some((result) => result.isRunning)
  return {
    pending: buffered,
    isRunning: hasRun,
    failures: failures + results.filter(({ isFailed }) => isFailed).length,
    isOpen: !hasRun && results.length > 0 && buffered.length > 0,
  }
}
