import type { Event } from '@orrery/contract'
import { backoffMs, pause } from './backoff.ts'
import { parseSse } from './parse-sse.ts'
import { readProblem, type Transport } from './transport.ts'

export interface EventOptions {
  /** Id of the last event seen; absent: from now on. */
  readonly after?: string
  readonly type?: string
  /** Only events about this run or name. */
  readonly subject?: string
  readonly signal?: AbortSignal
  /** Told when the line is (again) open and when it broke. */
  readonly onState?: (state: 'open' | 'broken') => void
}

/** The server sends a comment every few seconds; a line that is silent for this long is dead. */
const SILENCE_MS = 45_000

/**
 * Events as they happen. When the line breaks it connects again, for as long as it takes, and goes on behind the last
 * event seen (`Last-Event-ID`). Ends when `signal` is aborted; throws ProblemError when the server refuses.
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
    const line = new AbortController()
    const drop = () => line.abort()
    options.signal?.addEventListener('abort', drop, { once: true })
    let silence = setTimeout(drop, SILENCE_MS)
    const alive = () => {
      clearTimeout(silence)
      silence = setTimeout(drop, SILENCE_MS)
    }
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastId !== undefined) headers['last-event-id'] = lastId
      const response = await transport.open(target, headers, line.signal)
      if (!response.ok && response.status < 500 && response.status !== 429) throw await readProblem(response)
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
      // Anything else is a broken line, which is what the next turn of the loop is for.
    } finally {
      clearTimeout(silence)
      line.abort()
      options.signal?.removeEventListener('abort', drop)
    }
    if (isAborted(options.signal)) return
    options.onState?.('broken')
    failures += 1
    await pause(backoffMs(failures), options.signal).catch(ignoreAbort)
  }
}

/** Null for a message that is not an event of ours, which a newer server may send. */
function readEvent(data: string): Event | null {
  const value: unknown = JSON.parse(data)
  return typeof value === 'object' && value !== null && 'type' in value && 'subject' in value ? (value as Event) : null
}

/** Asked anew: the compiler would carry an earlier answer over the awaits. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function ignoreAbort(): void {
  // The loop's condition sees the aborted signal and ends.
}
