import { type Event, ProblemError, problem } from '@orrery/contract'
import { ACCESS_CHECK_MS, readPosition } from '@orrery/kernel'
import type { Backend } from '../backend.ts'
import { readCaller } from '../http/read-caller.ts'
import type { ServerContext } from '../http/request-info.ts'

/** The part of core's event log that the stream needs. A subscription ends when its signal fires or the server stops. */
export interface EventTail {
  /** The cursor behind the newest event. */
  now(org: string): Promise<string>
  subscribe(subscription: { readonly org: string; readonly after: string; readonly signal: AbortSignal }): AsyncGenerator<Event, void>
}

export type EventFace = (context: ServerContext) => Promise<Response>

export interface EventFaceOptions {
  /** Time between two heartbeats. */
  readonly beatMs?: number
  /** Time between two checks of the key. */
  readonly checkMs?: number
  /** A client that reads nothing for this long is disconnected. It can resume with the last id it got. */
  readonly stallMs?: number
  /** Fires when the server begins to stop. The tail ends the streams then; clients that do not read their last block are disconnected. */
  readonly stopping?: AbortSignal
}

const RECONNECT_MS = 1000
/** How long a client has to read its last block once the server stops. */
const LAST_BLOCK_MS = 500
/** A cursor before all events that are kept. */
const OLDEST = '0-0'

interface Wanted {
  readonly after: string | null
  readonly types: ReadonlySet<string> | null
  readonly subject: string | null
}

/** Server-sent events of the key's organization (HTML Standard 9.2). The id of each event is its cursor. */
export function createEventFace(backend: Backend, tail: EventTail, options: EventFaceOptions = {}): EventFace {
  const { beatMs = 15_000, checkMs = ACCESS_CHECK_MS, stallMs = 60_000 } = options
  const open = new Set<Sent>()
  options.stopping?.addEventListener('abort', () => {
    setTimeout(() => {
      for (const { cut } of open) cut()
    }, LAST_BLOCK_MS)
  })
  return async (context) => {
    const { info } = context.var
    info.operation = 'events.stream'
    const caller = readCaller(context, 'events')
    const { org } = await backend.identify(caller, 'events:read')
    const wanted = readWanted(context)
    const headers = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' }
    // No client would ever read or cancel this stream.
    if (context.req.method === 'HEAD') return new Response(null, { headers })
    const after = wanted.after ?? (await tail.now(org))
    const stillValid = () => unlessBusy(backend.identify(caller, 'events:read'))
    const end = new AbortController()
    const closed = backend.metrics.streamOpened()
    const sent = sendBlocks({
      blocks: renderBlocks({ ...wanted, tail, org, after, beatMs, checkMs, signal: end.signal, stillValid }),
      stallMs,
      finished: () => {
        end.abort()
        open.delete(sent)
        closed()
      },
      hangUp: () => context.env?.outgoing?.destroy(),
      broke: (error) => {
        // A key that stopped being valid ends the stream like a restart does; any other error is worth a log line.
        if (!(error instanceof ProblemError)) backend.log.warn({ error, requestId: info.requestId }, 'an event stream broke')
      },
    })
    open.add(sent)
    return new Response(sent.stream, { headers })
  }
}

/**
 * Ignores the problems `rate_limited` and `unavailable`: they do not mean that the key is invalid. A client that were
 * disconnected now would be refused when it reconnects.
 */
async function unlessBusy(asked: Promise<unknown>): Promise<void> {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof ProblemError) || !['rate_limited', 'unavailable'].includes(error.code)) throw error
  }
}

function readWanted(context: ServerContext): Wanted {
  const { type, subject, cursor, ...unknown } = context.req.queries()
  const errors = Object.keys(unknown).map((path) => ({ path, message: 'There is no such field.' }))
  // A browser reconnects to its original address and adds the header, so the header is the newer of the two.
  const given = context.req.header('last-event-id') || cursor?.[0]
  const after = given === 'start' ? OLDEST : given
  if (after !== undefined && readPosition(after) === null) {
    errors.push({ path: 'cursor', message: 'This is not the id of an event.' })
  }
  if (errors.length > 0) throw problem('invalid_input', 'The stream cannot be opened with this input.', { errors })
  return { after: after ?? null, types: type === undefined ? null : new Set(type), subject: subject?.[0] ?? null }
}

interface BlocksRequest extends Wanted {
  readonly tail: EventTail
  /** A UUID. */
  readonly org: string
  readonly after: string
  readonly beatMs: number
  readonly checkMs: number
  readonly signal: AbortSignal
  /** Throws once the key is no longer valid. */
  readonly stillValid: () => Promise<unknown>
}

/** Yields the blocks to write to the client. */
async function* renderBlocks({
  tail,
  org,
  after,
  types,
  subject,
  beatMs,
  checkMs,
  signal,
  stillValid,
}: BlocksRequest): AsyncGenerator<string, void> {
  // An id without data is not an event, but the client remembers it: if it is disconnected before the first event, it resumes here.
  yield `retry: ${RECONNECT_MS}\nid: ${after}\n\n`
  const events = tail.subscribe({ org, after, signal })
  let coming: Promise<IteratorResult<Event, void>> | null = null
  /** The cursor behind events that the filter skipped, not sent to the client yet. */
  let skippedTo: string | null = null
  let beatAt = performance.now()
  let checkedAt = beatAt
  for (;;) {
    coming ??= events.next()
    const come = await unlessSilent(coming, Math.min(beatMs, checkMs))
    // Both also while events arrive without a pause: a revoked key must end the stream, and a client whose filter skips them all
    // needs heartbeats.
    if (performance.now() - checkedAt >= checkMs) {
      checkedAt = performance.now()
      await stillValid()
    }
    if (performance.now() - beatAt >= beatMs) {
      beatAt = performance.now()
      yield skippedTo === null ? ': still here\n\n' : `id: ${skippedTo}\n\n`
      skippedTo = null
    }
    if (come === null) continue
    coming = null
    if (come.done) return
    const event = come.value
    const wanted = (types === null || types.has(event.type)) && (subject === null || subject === event.subject)
    skippedTo = wanted ? null : event.id
    if (wanted) yield `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
  }
}

/** Resolves with null if nothing arrives within `ms`. */
async function unlessSilent<T>(coming: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  try {
    return await Promise.race([coming, silence])
  } finally {
    clearTimeout(timer)
  }
}

interface Sending {
  readonly blocks: AsyncGenerator<string, void>
  readonly stallMs: number
  readonly finished: () => void
  /** Closes the connection. Data not yet delivered is lost. */
  readonly hangUp: () => void
  readonly broke: (error: unknown) => void
}

interface Sent {
  readonly stream: ReadableStream<Uint8Array>
  /** Ends the stream although the client has not read everything. */
  cut(): void
}

/** Requests the next block only after the client has read the previous one, so a slow client holds one block in memory and no queue. */
function sendBlocks({ blocks, stallMs, finished, hangUp, broke }: Sending): Sent {
  const encoder = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined
  let over = false
  const finish = (): void => {
    clearTimeout(stalled)
    if (!over) finished()
    over = true
  }
  const cut = (): void => {
    if (over) return
    finish()
    sink?.close()
    hangUp()
  }
  const next = (): Promise<IteratorResult<string, void>> =>
    blocks.next().catch((error: unknown) => {
      broke(error)
      return { done: true, value: undefined }
    })
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        sink = controller
      },
      async pull(controller) {
        clearTimeout(stalled)
        const block = await next()
        if (over) return
        if (block.done) {
          finish()
          return controller.close()
        }
        controller.enqueue(encoder.encode(block.value))
        stalled = setTimeout(cut, stallMs)
      },
      cancel: finish,
    },
    { highWaterMark: 1 },
  )
  return { stream, cut }
}
