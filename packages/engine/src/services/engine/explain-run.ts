import type { Why } from '../../api.ts'
import type { LiveRow, OrgId, RunId, Store } from '../../store/store.ts'
import type { IdFormat } from '../bundles/sandbox-cache.ts'

/** Answers "why is this run not running?" for a live run. */
export async function explainRun(store: Store, org: OrgId, run: RunId, { now, ids }: { now: number; ids: IdFormat }): Promise<Why> {
  const live = await store.live(org, run)
  if (live === null) return { state: 'gone', summary: 'The run has ended, or does not exist.', waits: [], facts: {} }
  const facts = { queue: live.queue, priority: live.priority, crashes: live.crashes, rows: live.nextSeq - 1, version: live.bundle }
  const holders = live.state === 'gated' && live.gate !== null ? await store.holders(org, live.gate, HOLDERS_MAX) : []
  return { state: live.state, summary: summarize(live, { now, ids, holders }), waits: live.waits, facts }
}

/** The maximum number of runs that the summary names. */
const HOLDERS_MAX = 3

interface Known {
  readonly now: number
  readonly ids: IdFormat
  /** Of a gated run: the runs that hold its limit. */
  readonly holders: readonly RunId[]
}

function summarize(live: LiveRow, { now, ids, holders }: Known): string {
  const inTime = (at: number): string => {
    if (at <= now) return 'now'
    // For longer times the time of day is more useful.
    return at - now < 120_000 ? `in ${Math.ceil((at - now) / 1000)} s` : `at ${new Date(at).toISOString()}`
  }
  switch (live.state) {
    case 'running':
      return live.pauseRequested
        ? 'A worker runs it, and pauses it when the steps in progress have ended.'
        : `Worker ${live.worker ?? '?'} has it.`
    case 'ready':
      return `It waits for a worker of queue "${live.queue}" with a free slot.`
    case 'gated':
      return `It waits for limit "${live.gate ?? '?'}", ${describeHolders(holders.map(ids.run))}.`
    case 'paused':
      return 'It is paused.'
    case 'blocked':
      return `${live.reason ?? 'It is blocked.'}${live.at === null ? '' : ` It continues by itself ${inTime(live.at)}.`}`
    case 'waiting': {
      const [first] = live.waits
      if (first === undefined && live.at !== null && live.crashes > 0)
        return `${live.crashes} workers were lost while they executed it; it continues ${inTime(live.at)}.`
      if (first === undefined) return live.at === null ? 'It waits.' : `Its start is due ${inTime(live.at)}.`
      const more = live.waits.length > 1 ? ` (and ${live.waits.length - 1} more)` : ''
      switch (first.type) {
        case 'timer':
          return `It sleeps; it wakes ${inTime(first.until)}${more}.`
        case 'signal':
          return `It waits for signal "${first.name}"${first.until === null ? '' : `, at the longest until ${new Date(first.until).toISOString()}`}${more}.`
        case 'child':
          return `It waits for its child ${ids.run(first.run)} (workflow "${first.workflow}")${more}.`
        case 'retry':
          return `Step "${first.step}" failed; attempt ${first.attempt} starts ${inTime(first.until)}${more}.`
      }
    }
  }
}

function describeHolders(runs: readonly string[]): string {
  if (runs.length === 0) return 'which is full'
  return `which is held by ${runs.length === HOLDERS_MAX ? `${runs.join(', ')} and perhaps others` : runs.join(', ')}`
}
