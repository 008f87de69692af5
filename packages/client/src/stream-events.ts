import type { Event } from '@orrery/contract'
import { backoffMs, pause } from './backoff.ts'
import { parseSse } from './parse-sse.ts'
import { readProblem, type Transport } from './transport.ts'

export interface EventOptions {
  /** Id of the last event seen. Default: only new events. */
  readonly after?: string
  readonly type?: string
  /** Only events about this run or name. */
  readonly subject?: string
  readonly signal?: AbortSignal
  /** Called when the connection is opened or reopened, and when it breaks. */
  readonly onState?: (state: 'open' | 'broken') => void
}

/** The server sends a comment every few seconds; a connection that is silent for this long is dead. */
const SILENCE_MS = 45_000

/**
 * Events as they happen. If the connection breaks, it reconnects, without a limit, and resumes after the last event seen (`Last-Event-ID`).
 * Ends when `signal` is aborted; throws ProblemError if the server refuses.
 */
export async function* streamEvents(transport: Transport, options: EventOptions = {}): AsyncGenerator<Event, void, void> {
  let lastId = options.after
  let failures = 0
  const query = new URLSearchParams()
  if (options.type !== undefined) query.set('type', options.type)
  if (options.subject !== undefined) query.set('subject', options.subject)
  const target = query.size === 0 ? '/events/stream' : `/events/stream?${query}`

  for (;;) {
    if (options.signal?.aborted) return
    const connection = new AbortController()
    const drop = () => connection.abort()
    options.signal?.addEventListener('abort', drop, { once: true })
    let silence = setTimeout(drop, SILENCE_MS)
    const alive = () => {
      clearTimeout(silence)
      silence = setTimeout(drop, SILENCE_MS)
    }
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastId !== undefined) headers['last-event-id'] = lastId
      const response = await transport.open(target, headers, connection.signal)
      if (!response.ok && response.status < 500 && response.status !== 429) throw readProblem(response, await response.text())
      if (response.ok && response.body !== null) {
        options.onState?.('open')
        for await (const message of parseSse(response.body, alive)) {
          alive()
          failures = 0
          if (message.id !== '') lastId = message.id
          const event = message.data === '' ? null : readEvent(message.data)
          if (event !== null) yield event
        }
      }
    } catch (error) {
      if (error instanceof Error && error.name === 'ProblemError') throw error
      // Any other error is a broken connection; the loop reconnects.
    } finally {
      clearTimeout(silence)
      connection.abort()
      options.signal?.removeEventListener('abort', drop)
    }
    if (isAborted(options.signal)) return
    options.onState?.('broken')
    failures += 1
    await pause(backoffMs(failures), options.signal).catch(ignoreAbort)
  }
}

/** Null for a message that is not an event, which a newer server may send. */
function readEvent(data: string): Event | null {
  const value: unknown = JSON.parse(data)
  return typeof value === 'object' && value !== null && 'type' in value && 'subject' in value ? (value as Event) : null
}

/** A function, because the compiler would otherwise assume the earlier value after an await. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function ignoreAbort(): void {
  // The loop's condition detects the aborted signal and ends the loop.
}
