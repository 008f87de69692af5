import { type Event, problem } from '@orrery/contract'
import type { Notifier } from '@orrery/engine'
import type { Database } from '../database/database.ts'
import { EventFeed } from './event-feed.ts'
import { comparePositions, parsePosition, readPosition } from './event-position.ts'
import { selectEvents, selectHiding, selectNow } from './event-store.ts'

const PAGE = 500
/** From the beginning of a read to the next, so that hints that come in a burst make one. */
const PAUSE_MS = 2
/** The same, as many times as long as the last read took: reads never take all of the time. */
const PAUSE_READS = 2
/** A transaction in progress hides what others have committed; it is looked for again after this, then after twice as long, and so on. */
const HIDDEN_MS = 20
const HIDDEN_MAX_MS = 500

export interface Subscription {
  /** UUID of the organization. */
  readonly org: string
  /** Id of the last event seen; null: from now on. */
  readonly after: string | null
  readonly signal: AbortSignal
}

export interface EventHubOptions {
  readonly database: Database
  /** Without hints the poll alone finds new events. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly pollMs?: number
  readonly onError?: (error: Error) => void
}

interface Opened {
  subscribers: number
  readonly feed: Promise<EventFeed>
}

/**
 * The tail of the event log in this process. One read serves all subscribers of an organization, whatever process wrote the
 * events; without subscribers nothing is read. Each subscriber has its own cursor, so it can resume anywhere, at any process.
 */
export class EventHub {
  private readonly options: EventHubOptions
  private readonly feeds = new Map<string, Opened>()
  private readonly unlisten: () => void
  private readonly poll: NodeJS.Timeout
  private readonly stopping = new AbortController()
  private due: NodeJS.Timeout | null = null
  private reading: Promise<void> | null = null
  private again = false
  private nextAt = Number.NEGATIVE_INFINITY
  private hiddenMs = HIDDEN_MS
  private lookAgain: NodeJS.Timeout | null = null

  constructor(options: EventHubOptions) {
    this.options = options
    this.unlisten = options.notifier?.listen((hint) => hint.type === 'events' && this.onHint()) ?? (() => {})
    this.poll = setInterval(() => this.wakeSoon(), options.pollMs ?? 1000)
    this.poll.unref()
  }

  /** Events of an organization as they happen, in order, none twice, none left out. Ends when the signal fires or the hub stops. */
  async *subscribe({ org, after, signal }: Subscription): AsyncGenerator<Event, void> {
    if (after !== null && readPosition(after) === null) throw problem('invalid_input', 'The last event id is not one of ours.')
    const end = AbortSignal.any([signal, this.stopping.signal])
    const opened = this.open(org)
    try {
      const feed = await opened.feed
      let cursor = after ?? feed.end
      while (!end.aborted) {
        const version = feed.version
        const start = feed.start
        const events = feed.behind(cursor) ?? (await this.read(org, cursor))
        for (const event of events) {
          if (end.aborted) return
          yield event
          cursor = event.id
        }
        if (events.length > 0) continue
        // Nothing lies between the cursor and what the feed keeps, so from here on the feed has it all.
        cursor = later(cursor, start)
        await feed.changed(version, end)
      }
    } finally {
      opened.subscribers--
      if (opened.subscribers === 0) this.feeds.delete(org)
    }
  }

  /** The place behind all that has happened: who subscribes after it, now or later, gets everything from here on. */
  now(org: string): Promise<string> {
    return this.options.database.transaction(org, 'read only', selectNow)
  }

  async stop(): Promise<void> {
    this.unlisten()
    clearInterval(this.poll)
    if (this.due !== null) clearTimeout(this.due)
    if (this.lookAgain !== null) clearTimeout(this.lookAgain)
    this.stopping.abort()
    await this.reading
  }

  /** Counts the subscriber at once, so that a feed which somebody waits for is not dropped. */
  private open(org: string): Opened {
    let opened = this.feeds.get(org)
    if (opened === undefined) {
      const feed = this.options.database.transaction(org, 'read only', selectNow).then((now) => new EventFeed(now))
      opened = { subscribers: 0, feed }
      this.feeds.set(org, opened)
    }
    opened.subscribers++
    return opened
  }

  private read(org: string, after: string): Promise<Event[]> {
    return this.options.database.transaction(org, 'read only', (tx) => selectEvents(tx, org, { after, limit: PAGE }))
  }

  private onHint(): void {
    this.hiddenMs = HIDDEN_MS
    this.wakeSoon()
  }

  private wakeSoon(): void {
    if (this.feeds.size === 0 || this.stopping.signal.aborted) return
    this.again = true
    if (this.due !== null || this.reading !== null) return
    const delayMs = Math.max(0, this.nextAt - performance.now())
    this.due = setTimeout(() => {
      this.due = null
      this.reading = this.readFeeds()
        .catch((error: unknown) => this.options.onError?.(error instanceof Error ? error : new Error(String(error))))
        .finally(() => {
          this.reading = null
          if (this.again) this.wakeSoon()
        })
    }, delayMs)
  }

  private async readFeeds(): Promise<void> {
    this.again = false
    const began = performance.now()
    try {
      let isHiding = false
      for (const [org, opened] of this.feeds) isHiding = (await this.readFeed(org, await opened.feed)) || isHiding
      if (isHiding) this.wakeLater()
    } finally {
      this.nextAt = began + Math.max(PAUSE_MS, PAUSE_READS * (performance.now() - began))
    }
  }

  /** Whether something may be committed already that could not be read yet. */
  private async readFeed(org: string, feed: EventFeed): Promise<boolean> {
    for (;;) {
      const { events, isHiding } = await this.options.database.transaction(org, 'read only', async (tx) => {
        // Asked first: what was committed by now is seen by the query behind it, unless something hides it.
        const isHiding = await selectHiding(tx)
        return { events: await selectEvents(tx, org, { after: feed.end, limit: PAGE }), isHiding }
      })
      feed.append(events)
      if (events.length < PAGE) return isHiding
    }
  }

  private wakeLater(): void {
    if (this.lookAgain !== null) clearTimeout(this.lookAgain)
    // The poll comes before a longer wait would.
    if (this.hiddenMs > HIDDEN_MAX_MS) return
    this.lookAgain = setTimeout(() => this.wakeSoon(), this.hiddenMs)
    this.lookAgain.unref()
    this.hiddenMs *= 2
  }
}

function later(a: string, b: string): string {
  return comparePositions(parsePosition(a), parsePosition(b)) < 0 ? b : a
}
