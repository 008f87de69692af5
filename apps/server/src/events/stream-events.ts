import { type Event, ProblemError, problem } from '@orrery/contract'
import { readPosition } from '@orrery/kernel'
import type { Backend } from '../backend.ts'
import { readCaller } from '../http/read-caller.ts'
import type { ServerContext } from '../http/request-info.ts'

/** The tail of the event log, as core has it. Ends when the signal fires or the server stops. */
export interface EventTail {
  /** The place behind what has happened so far. */
  now(org: string): Promise<string>
  subscribe(subscription: { readonly org: string; readonly after: string; readonly signal: AbortSignal }): AsyncGenerator<Event, void>
}

export type EventFace = (context: ServerContext) => Promise<Response>

export interface EventFaceOptions {
  /** Between two signs of life; also how often the key is looked at again. */
  readonly beatMs?: number
  /** A client that takes nothing for so long is cut off; it resumes with the last id it got. */
  readonly stallMs?: number
  /** Fires when the server begins to stop. The tail ends the streams then; a client that takes nothing is not waited for. */
  readonly stopping?: AbortSignal
}

const RECONNECT_MS = 1000
/** How long a client may take for its last block once the server stops. */
const LAST_BLOCK_MS = 500
/** Before everything that is kept. */
const OLDEST = '0-0'

interface Wanted {
  readonly after: string | null
  readonly types: ReadonlySet<string> | null
  readonly subject: string | null
}

/** Server-sent events of the key's organization (HTML Standard 9.2). The id of each event is its cursor. */
export function createEventFace(backend: Backend, tail: EventTail, options: EventFaceOptions = {}): EventFace {
  const { beatMs = 15_000, stallMs = 60_000 } = options
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
    // Nobody would read it, nor say that he has gone.
    if (context.req.method === 'HEAD') return new Response(null, { headers })
    const after = wanted.after ?? (await tail.now(org))
    const stillValid = () => unlessBusy(backend.identify(caller, 'events:read'))
    const end = new AbortController()
    const closed = backend.metrics.streamOpened()
    const sent = sendBlocks({
      blocks: renderBlocks({ ...wanted, tail, org, after, beatMs, signal: end.signal, stillValid }),
      stallMs,
      finished: () => {
        end.abort()
        open.delete(sent)
        closed()
      },
      hangUp: () => context.env?.outgoing?.destroy(),
      broke: (error) => {
        // A key that is valid no more ends the stream as a restart does; anything else is worth a line.
        if (!(error instanceof ProblemError)) backend.log.warn({ error, requestId: info.requestId }, 'an event stream broke')
      },
    })
    open.add(sent)
    return new Response(sent.stream, { headers })
  }
}

/** Says nothing about the key: that it, or its server, has much else to do now. A client that were cut off would be refused when it comes back. */
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
  // A browser sends the header when it reconnects to the address it was given first, so the header is the newer of the two.
  const given = context.req.header('last-event-id') || cursor?.[0]
  const after = given === 'start' ? OLDEST : given
  if (after !== undefined && readPosition(after) === null) {
    errors.push({ path: 'cursor', message: 'Not the id of an event.' })
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
  readonly signal: AbortSignal
  /** Throws once the key is valid no more. */
  readonly stillValid: () => Promise<unknown>
}

/** What is written to the client, block by block. */
async function* renderBlocks({
  tail,
  org,
  after,
  types,
  subject,
  beatMs,
  signal,
  stillValid,
}: BlocksRequest): AsyncGenerator<string, void> {
  // An id without data is no event, but a client remembers it: one that is cut off before the first event resumes from here.
  yield `retry: ${RECONNECT_MS}\nid: ${after}\n\n`
  const events = tail.subscribe({ org, after, signal })
  let coming: Promise<IteratorResult<Event, void>> | null = null
  /** Where the client is in the log, if it was not told because the events there are not for it. */
  let untold: string | null = null
  let checkedAt = performance.now()
  for (;;) {
    coming ??= events.next()
    const come = await unlessSilent(coming, beatMs)
    // Also in the middle of a flood: a revoked key ends the stream, and a client that wants none of it hears that we live.
    if (performance.now() - checkedAt >= beatMs) {
      checkedAt = performance.now()
      await stillValid()
      yield untold === null ? ': still here\n\n' : `id: ${untold}\n\n`
      untold = null
    }
    if (come === null) continue
    coming = null
    if (come.done) return
    const event = come.value
    const wanted = (types === null || types.has(event.type)) && (subject === null || subject === event.subject)
    untold = wanted ? null : event.id
    if (wanted) yield `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
  }
}

/** Null if nothing comes for so long. */
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
  /** Ends the connection: what is on its way to the client is given up. */
  readonly hangUp: () => void
  readonly broke: (error: unknown) => void
}

interface Sent {
  readonly stream: ReadableStream<Uint8Array>
  /** Ends it although the client has not taken everything. */
  cut(): void
}

/** Asks for the next block only when the client has taken the one before: a slow client has one here and no queue. */
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
