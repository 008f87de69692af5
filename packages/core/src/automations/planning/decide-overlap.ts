/**
 * What happens to a start while another run of the same automation is going (Temporal, `ScheduleOverlapPolicy`):
 * `skip`: nothing; `buffer_one`: the first one waits for the end; `buffer_all`: they wait, and run one after another;
 * `cancel_other`: the run is asked to end, `terminate_other`: it is ended, and the newest start follows; `allow_all`: they run side by side.
 */
export type RunOverlap = 'skip' | 'buffer_one' | 'buffer_all' | 'cancel_other' | 'terminate_other' | 'allow_all'

/** A start that was not decided yet: one that has just come up, or one that waits in the buffer. */
export interface PendingStart {
  /** For this start only (a backfill, a run asked for by hand). Others follow the automation's policy as it is when they are decided. */
  readonly overlap?: RunOverlap
}

export interface OverlapDecision<S> {
  /** To be started now. */
  readonly starts: readonly S[]
  /** To be kept, and decided again when a run has ended: the buffer. */
  readonly buffered: readonly S[]
  readonly skipped: readonly { readonly start: S; readonly reason: 'overlap' | 'buffer_full' | 'superseded' }[]
  /** What to do to the runs that are going, in the transaction that keeps the buffer. Said again at each decision until they have ended. */
  readonly stop: 'none' | 'cancel' | 'terminate'
}

const bufferMax = 1_000

/**
 * Decides about the buffer followed by the new starts, in their order. To be asked when a start comes up, and again, without a new one, when
 * a run has ended. Differs from Temporal in one thing: a start that a newer one replaces is reported as superseded, not dropped unseen.
 */
export function decideOverlap<S extends PendingStart>(
  policy: RunOverlap,
  isRunning: boolean,
  pending: readonly S[],
  bufferedMax = bufferMax,
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
    // With nothing running, the first goes, whatever the policy.
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
          // Only the newest of them will run: older ones that wait for the same end need not be kept.
          for (const older of removeReplacing(buffered, policy)) skipped.push({ start: older, reason: 'superseded' })
          buffered.push(start)
          if (stop !== 'terminate') stop = overlap === 'cancel_other' ? 'cancel' : 'terminate'
        } else if (sole !== null) {
          // It has not begun, so there is nothing to stop.
          skipped.push({ start: sole, reason: 'superseded' })
          sole = start
        }
    }
  }
  // What would run beside a run that is being stopped would be stopped with it.
  if (stop !== 'none') skipped.push(...beside.splice(0).map((start) => ({ start, reason: 'superseded' as const })))
  return { starts: sole === null ? beside : [sole, ...beside], buffered, skipped, stop }
}

/** Takes out of the buffer the starts that replace what runs. */
function removeReplacing<S extends PendingStart>(buffered: S[], policy: RunOverlap): S[] {
  const isReplacing = (start: S) => ['cancel_other', 'terminate_other'].includes(start.overlap ?? policy)
  const removed = buffered.filter(isReplacing)
  buffered.splice(0, buffered.length, ...buffered.filter((start) => !isReplacing(start)))
  return removed
}
