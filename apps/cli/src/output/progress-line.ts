import type { RunProgress } from '@orrery/client'
import { formatElapsed } from './format-time.ts'

/**
 * Such as `triage  running  1,204 steps  [####      ]  40% of 3,000  52/s  23s  last: assess`. The bar needs `barWidth` and an estimate
 * from the workflow.
 */
export function describeProgress(progress: RunProgress, perSecond: number, now: number, barWidth = 0): string {
  const parts = [
    progress.automation ?? progress.pipeline ?? progress.workflow,
    progress.connected ? progress.status : `${progress.status}?`,
    `${progress.steps.toLocaleString('en')} ${progress.steps === 1 ? 'step' : 'steps'}`,
  ]
  const { estimate } = progress
  if (!progress.done && estimate !== null && estimate.total > 0) {
    const share = Math.min(1, Math.max(0, estimate.done / estimate.total))
    if (barWidth > 0) parts.push(`[${'#'.repeat(Math.floor(share * barWidth)).padEnd(barWidth)}]`)
    parts.push(`${Math.floor(share * 100)}% of ${estimate.total.toLocaleString('en')}`)
  }
  if (progress.attempts > 0) parts.push(`${progress.attempts} failed attempts`)
  if (!progress.done && perSecond > 0) parts.push(`${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`)
  const end = progress.result?.finishedAt == null ? now : Date.parse(progress.result.finishedAt)
  parts.push(formatElapsed(Math.max(0, end - Date.parse(progress.createdAt))))
  if (!progress.connected) parts.push('no connection, retrying')
  else if (!progress.done && progress.last !== null) parts.push(`last: ${progress.last}`)
  return parts.join('  ')
}

/** Creates a function that returns the steps per second over the last ten seconds. */
export function createRate(clock: () => number = Date.now): (progress: RunProgress) => number {
  const seen: { at: number; steps: number }[] = []
  return ({ steps }) => {
    const now = clock()
    seen.push({ at: now, steps })
    while (seen.length > 2 && (seen[1]?.at ?? now) <= now - 10_000) seen.shift()
    const [first] = seen
    return first === undefined || now === first.at ? 0 : ((steps - first.steps) * 1000) / (now - first.at)
  }
}
