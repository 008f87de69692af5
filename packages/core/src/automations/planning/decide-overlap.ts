/**
 * What happens to a start while another run of the same automation is in progress (Temporal, `ScheduleOverlapPolicy`):
 * `skip`: it is skipped.
 * `buffer_one`: the first start waits for the end of the run. `buffer_all`: all starts wait, and run one after another.
 * `cancel_other`: the run is cancelled; `terminate_other`: it is terminated. Then the newest start runs.
 * `allow_all`: they run in parallel.
 */
export type RunOverlap = 'skip' | 'buffer_one' | 'buffer_all' | 'cancel_other' | 'terminate_other' | 'allow_all'

/** A start that is not decided yet: a new one, or one that waits in the buffer. */
export interface PendingStart {
  /** The policy of this start (a backfill, a requested run). Absent: the automation's policy at the time of the decision. */
  readonly overlap?: RunOverlap
}

export interface OverlapDecision<S> {
  /** To be started now. */
  readonly starts: readonly S[]
  /** The buffer: starts to keep, and to decide again when a run has ended. */
  readonly buffered: readonly S[]
  readonly skipped: readonly { readonly start: S; readonly reason: 'overlap' | 'buffer_full' | 'superseded' }[]
  /** How to stop the runs in progress, in the transaction that stores the buffer. Each later decision asks again until they end. */
  readonly stop: 'none' | 'cancel' | 'terminate'
}

const BUFFERED_MAX = 1_000

/**
 * Decides about the buffered starts followed by the new ones, in order. Called for each new start, and without a new one when a run has
 * ended. Unlike Temporal, this reports a start that a newer one replaces, as superseded, instead of dropping it silently.
 */
export function decideOverlap<S extends PendingStart>(
  policy: RunOverlap,
  isRunning: boolean,
  pending: readonly S[],
  bufferedMax = BUFFERED_MAX,
): OverlapDecision<S> {
  const beside: S[] = []
  const buffered: S[] = []
  const skipped: { start: S; reason: 'overlap' | 'buffer_full' | 'superseded' }[] = []
  let sole: S | null = null
  let stop: 'none' | 'cancel' | 'terminate' = 'none'
  for (const start of pending) {
    const overlap = start.overlap ?? policy
    if (overlap === 'allow_all') {
      beside.push(start)
      continue
    }
    // If no run is in progress, the first start runs under any policy.
    if (!isRunning && sole === null) {
      sole = start
      continue
    }
    switch (overlap) {
      case 'skip':
        skipped.push({ start, reason: 'overlap' })
        break
      case 'buffer_one':
        if (buffered.length === 0) buffered.push(start)
        else skipped.push({ start, reason: 'overlap' })
        break
      case 'buffer_all':
        if (buffered.length < bufferedMax) buffered.push(start)
        else skipped.push({ start, reason: 'buffer_full' })
        break
      case 'cancel_other':
      case 'terminate_other':
        if (isRunning) {
          // Only the newest of them will run, so older ones that wait for the same end are dropped.
          for (const older of removeReplacing(buffered, policy)) skipped.push({ start: older, reason: 'superseded' })
          buffered.push(start)
          if (stop !== 'terminate') stop = overlap === 'cancel_other' ? 'cancel' : 'terminate'
        } else if (sole !== null) {
          // The earlier start has not begun, so there is no run to stop.
          skipped.push({ start: sole, reason: 'superseded' })
          sole = start
        }
    }
  }
  // A start in parallel to a run that is being stopped would be stopped with it.
  if (stop !== 'none') skipped.push(...beside.splice(0).map((start) => ({ start, reason: 'superseded' as const })))
  return { starts: sole === null ? beside : [sole, ...beside], buffered, skipped, stop }
}

/** Removes from the buffer the starts whose policy replaces the run in progress. */
function removeReplacing<S extends PendingStart>(buffered: S[], policy: RunOverlap): S[] {
  const isReplacing = (start: S) => ['cancel_other', 'terminate_other'].includes(start.overlap ?? policy)
  const removed = buffered.filter(isReplacing)
  buffered.splice(0, buffered.length, ...buffered.filter((start) => !isReplacing(start)))
  return removed
}
