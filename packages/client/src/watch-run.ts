import type { Event, OutputOf } from '@orrery/contract'
import { pause } from './backoff.ts'
import type { Operations } from './operations.ts'
import { ProblemError, UnreachableError } from './problem-error.ts'
import type { EventOptions } from './stream-events.ts'
import { tailHistory } from './tail-history.ts'

type Result = OutputOf<'runs.result'>

/** Progress of a run. `steps` and `attempts` count rows of its history; a step counts once, when its outcome is recorded. */
export interface RunProgress {
  readonly runId: string
  readonly workflow: string
  /** Name of the automation that fired the run. */
  readonly automation: string | null
  /** Name of the stored pipeline that the run executes. */
  readonly pipeline: string | null
  readonly status: Result['status']
  readonly done: boolean
  readonly createdAt: string
  readonly steps: number
  /** Failed attempts. */
  readonly attempts: number
  /** Name of the entry that was recorded last; in a pipeline, the id of its step. */
  readonly last: string | null
  /** The workflow's answer to the query `progress`, if it has that handler and returns `{ done, total }`. */
  readonly estimate: { readonly done: number; readonly total: number } | null
  /** False while the server cannot be reached; the other members then have their last known values. */
  readonly connected: boolean
  /** The result with the output or error, once `done`. */
  readonly result: Result | null
}

export interface WatchOptions {
  readonly signal?: AbortSignal
  /** How often the history is read if no event arrives. 500 ms by default. */
  readonly intervalMs?: number
}

/** Yields at the start, at every change, when the connection to the server is lost or restored, and at the end. */
export async function* watchRun(
  client: Operations,
  stream: (options: EventOptions) => AsyncGenerator<Event, void, void>,
  runId: string,
  options: WatchOptions = {},
): AsyncGenerator<RunProgress, void, void> {
  const { intervalMs = 500, signal } = options
  const alarm = createAlarm()
  const endStream = new AbortController()
  const listening = wakeOnEvents(stream({ subject: runId, signal: endStream.signal, onState: alarm.wake }), alarm, endStream.signal)
  try {
    const run = await client.runs.get({ runId }, signal === undefined ? {} : { signal })
    const history = tailHistory(client, runId)
    const estimate = readEstimates(client, runId)
    let shown: RunProgress = {
      runId,
      workflow: run.workflow,
      automation: run.automation ?? null,
      pipeline: run.pipeline ?? null,
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
      if (!now.done) await alarm.wait(intervalMs, signal)
    }
  } finally {
    endStream.abort()
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
    // The result is read first: if the run has ended, the history read afterwards contains all its rows.
    const result = await client.runs.result({ runId: before.runId, timeout: '1ms' })
    const counts = await history()
    const done = result.done
    return { ...before, ...counts, status: result.status, done, result: done ? result : null, estimate: await estimate(), connected: true }
  } catch (error) {
    if (error instanceof UnreachableError || (error instanceof ProblemError && error.status >= 500)) return { ...before, connected: false }
    throw error
  }
}

/** A query replays the run, so it is sent at most every two seconds, and never again if the workflow has no such handler. */
function readEstimates(client: Operations, runId: string): () => Promise<RunProgress['estimate']> {
  let last: RunProgress['estimate'] = null
  let next = 0
  return async () => {
    if (Date.now() < next) return last
    const begun = Date.now()
    try {
      const { value } = await client.runs.query({ runId, name: 'progress' })
      last = isEstimate(value) ? { done: value.done, total: value.total } : null
      next = Date.now() + Math.max(2_000, 8 * (Date.now() - begun))
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

/** A wait that can be ended early. A `wake` before the wait counts, too. */
interface Alarm {
  wake(): void
  wait(ms: number, signal?: AbortSignal): Promise<void>
}

function createAlarm(): Alarm {
  let isWoken = false
  let interrupt = () => {}
  return {
    wake() {
      isWoken = true
      interrupt()
    },
    async wait(ms, signal) {
      const asleep = new AbortController()
      interrupt = () => asleep.abort()
      if (isWoken) interrupt()
      try {
        await pause(ms, signal === undefined ? asleep.signal : AbortSignal.any([asleep.signal, signal]))
      } catch (error) {
        signal?.throwIfAborted()
        if (!asleep.signal.aborted) throw error
      }
      isWoken = false
    },
  }
}

/** Events only make the watcher faster; polling makes it correct. So a key without `events:read` can watch, too. */
async function wakeOnEvents(events: AsyncIterable<Event>, alarm: Alarm, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of events) alarm.wake()
  } catch (error) {
    if (!signal.aborted && !(error instanceof ProblemError)) throw error
  }
}
