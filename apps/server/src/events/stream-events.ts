import { type Event, ProblemError, problem } from '@orrery/contract'
import { readPosition } from '@orrery/core'
import type { Backend } from '../backend.ts'
import { bearerToken, type ServerContext } from '../http/request-info.ts'

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
}

const RECONNECT_MS = 1000
/** Before everything that is kept. */
const OLDEST = '0-0'

interface Wanted {
  readonly after: string | null
  readonly types: ReadonlySet<string> | null
  readonly subject: string | null
}

/** Server-sent events of the key's organization (HTML Standard 9.2). The id of each event is its cursor. */
export function createEventFace(backend: Backend, tail: EventTail, options: EventFaceOptions = {}): EventFace {
  return async (context) => {
    context.var.info.operation = 'events.stream'
    const asker = { face: 'events', key: bearerToken(context.req.raw), idempotencyKey: null, info: context.var.info } as const
    const identify = () => backend.identify(asker, 'events:read')
    const { org } = await identify()
    const wanted = readWanted(context)
    const after = wanted.after ?? (await tail.now(org))
    const stream = streamEvents({ backend, tail, org, after, wanted, stillValid: identify, ...options })
    return new Response(stream, {
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
    })
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

interface StreamParts extends EventFaceOptions {
  readonly backend: Backend
  readonly tail: EventTail
  /** A UUID. */
  readonly org: string
  readonly after: string
  readonly wanted: Wanted
  readonly stillValid: () => Promise<unknown>
}

function streamEvents(parts: StreamParts): ReadableStream<Uint8Array> {
  const { tail, org, after, wanted, beatMs = 15_000, stallMs = 60_000 } = parts
  const encoder = new TextEncoder()
  const end = new AbortController()
  const events = tail.subscribe({ org, after, signal: end.signal })
  const closed = parts.backend.metrics.streamOpened()
  /** Ids seen and not told, because the client does not want those events. */
  let untold: string | null = null
  let coming: Promise<IteratorResult<Event, void>> | null = null
  let stalled: NodeJS.Timeout | undefined

  const finish = (): void => {
    clearTimeout(stalled)
    if (end.signal.aborted) return
    end.abort()
    closed()
  }

  /** The next thing to say: an event that is wanted, or after a while a sign of life. Null: the end. */
  async function next(): Promise<string | null> {
    const beat = timer(beatMs)
    try {
      for (;;) {
        coming ??= events.next()
        // The bell first, so that a flood of events which nobody wants does not drown it.
        const come = await Promise.race([beat.rings, coming])
        if (come === undefined) {
          await parts.stillValid()
          const place = untold
          untold = null
          return place === null ? ': still here\n\n' : `id: ${place}\n\n`
        }
        coming = null
        if (come.done) return null
        const event = come.value
        untold = event.id
        if ((wanted.types !== null && !wanted.types.has(event.type)) || (wanted.subject !== null && wanted.subject !== event.subject))
          continue
        untold = null
        return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
      }
    } finally {
      beat.stop()
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // An id without data is no event, but a client remembers it: one that is cut off before the first event resumes from here.
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\nid: ${after}\n\n`))
      },
      // Called only when the client has taken what was said before, so a slow one holds one event here and no queue.
      async pull(controller) {
        clearTimeout(stalled)
        const said = await next().catch((error: unknown) => {
          // A key that is valid no more ends the stream like a restart does; anything else is worth a line.
          if (!(error instanceof ProblemError)) parts.backend.log.warn({ error }, 'an event stream broke')
          return null
        })
        if (end.signal.aborted) return
        if (said === null) {
          finish()
          return controller.close()
        }
        controller.enqueue(encoder.encode(said))
        stalled = setTimeout(() => {
          finish()
          controller.error(new Error('The client takes nothing.'))
        }, stallMs)
      },
      cancel: finish,
    },
    { highWaterMark: 1 },
  )
}

function timer(ms: number): { readonly rings: Promise<undefined>; stop(): void } {
  let handle: NodeJS.Timeout | undefined
  const rings = new Promise<undefined>((resolve) => {
    handle = setTimeout(() => resolve(undefined), ms)
  })
  return { rings, stop: () => clearTimeout(handle) }
}
