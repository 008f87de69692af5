import type { Event, OutputOf } from '@orrery/contract'
import { pause } from './backoff.ts'
import type { Operations } from './operations.ts'
import { ProblemError, UnreachableError } from './problem-error.ts'
import type { EventOptions } from './stream-events.ts'
import { tailHistory } from './tail-history.ts'

type Result = OutputOf<'runs.result'>

/** Where a run stands. `steps` and `attempts` count rows of its history; a step is counted once, when its outcome is recorded. */
export interface RunProgress {
  readonly runId: string
  readonly workflow: string
  readonly status: Result['status']
  readonly done: boolean
  readonly createdAt: string
  readonly steps: number
  /** Failed attempts that were or will be repeated. */
  readonly attempts: number
  /** Name of the thing recorded last. */
  readonly last: string | null
  /** What the workflow answers to the query `progress`, if it has that handler and gives `{ done, total }`. */
  readonly estimate: { readonly done: number; readonly total: number } | null
  /** False while the server cannot be reached; the rest is then what was last known. */
  readonly connected: boolean
  /** With the output or error once `done`. */
  readonly result: Result | null
}

export interface WatchOptions {
  readonly signal?: AbortSignal
  /** How often the history is read while nothing else happens. 500 ms by default. */
  readonly intervalMs?: number
}

/** Yields at the start, at every change, when the server goes and comes back, and at the end. */
export async function* watchRun(
  client: Operations,
  stream: (options: EventOptions) => AsyncGenerator<Event, void, void>,
  runId: string,
  options: WatchOptions = {},
): AsyncGenerator<RunProgress, void, void> {
  const { intervalMs = 500, signal } = options
  const bell = createBell()
  const hangUp = new AbortController()
  const listening = ringOnEvents(stream({ subject: runId, signal: hangUp.signal, onState: bell.ring }), bell, hangUp.signal)
  try {
    const run = await client.runs.get({ runId }, signal === undefined ? {} : { signal })
    const history = tailHistory(client, runId)
    const estimate = readEstimates(client, runId)
    let shown: RunProgress = {
      runId,
      workflow: run.workflow,
      status: run.status,
      done: false,
      createdAt: run.createdAt,
      steps: 0,
      attempts: 0,
      last: null,
      estimate: null,
      connected: true,
      result: null,
    }
    for (let first = true; !shown.done; first = false) {
      const now = await readOnce(client, shown, history, estimate)
      if (first || JSON.stringify(now) !== JSON.stringify(shown)) yield now
      shown = now
      if (!now.done) await bell.wait(intervalMs, signal)
    }
  } finally {
    hangUp.abort()
    await listening
  }
}

type Tail = ReturnType<typeof tailHistory>

async function readOnce(
  client: Operations,
  before: RunProgress,
  history: Tail,
  estimate: () => Promise<RunProgress['estimate']>,
): Promise<RunProgress> {
  try {
    // The result first: rows recorded before the end are then sure to be in the history that follows.
    const result = await client.runs.result({ runId: before.runId, timeout: '1ms' })
    const counts = await history()
    const done = result.done
    return { ...before, ...counts, status: result.status, done, result: done ? result : null, estimate: await estimate(), connected: true }
  } catch (error) {
    if (error instanceof UnreachableError || (error instanceof ProblemError && error.status >= 500)) return { ...before, connected: false }
    throw error
  }
}

/** A query replays the run, so it is asked at most every two seconds, and never again once there is no such handler. */
function readEstimates(client: Operations, runId: string): () => Promise<RunProgress['estimate']> {
  let last: RunProgress['estimate'] = null
  let next = 0
  return async () => {
    if (Date.now() < next) return last
    const begun = Date.now()
    try {
      const { value } = await client.runs.query({ runId, name: 'progress' })
      last = isEstimate(value) ? { done: value.done, total: value.total } : null
      next = Date.now() + Math.max(2_000, 20 * (Date.now() - begun))
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status >= 500) throw error
      next = Number.POSITIVE_INFINITY
    }
    return last
  }
}

function isEstimate(value: unknown): value is { done: number; total: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'done' in value &&
    'total' in value &&
    Number.isFinite(value.done) &&
    Number.isFinite(value.total)
  )
}

interface Bell {
  ring(): void
  wait(ms: number, signal?: AbortSignal): Promise<void>
}

function createBell(): Bell {
  let rung = false
  let wake = () => {}
  return {
    ring() {
      rung = true
      wake()
    },
    async wait(ms, signal) {
      const asleep = new AbortController()
      wake = () => asleep.abort()
      if (rung) wake()
      try {
        await pause(ms, signal === undefined ? asleep.signal : AbortSignal.any([asleep.signal, signal]))
      } catch (error) {
        signal?.throwIfAborted()
        if (!asleep.signal.aborted) throw error
      }
      rung = false
    },
  }
}

/** Events make the watcher quick; the reading above is what makes it right. So a key without `events:read` may watch, too. */
async function ringOnEvents(events: AsyncIterable<Event>, bell: Bell, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of events) bell.ring()
  } catch (error) {
    if (!signal.aborted && !(error instanceof ProblemError)) throw error
  }
}
