import { problem } from '@orrery/contract'
import type { Notifier } from '@orrery/engine'
import { comparePositions, parsePosition, readPosition } from './event-position.ts'
import { LogFeed } from './log-feed.ts'
import type { LogSource } from './log-source.ts'
import { createLogWatch, type LogWatch } from './log-watch.ts'

const PAGE = 500
/** From the beginning of a read to the next, so that hints in a burst share one. */
const PAUSE_MS = 2

export interface Subscription {
  /** UUID of the organization. */
  readonly org: string
  /** Id of the last entry seen; null: from now on. */
  readonly after: string | null
  readonly signal: AbortSignal
}

export interface EventHubOptions<Entry extends { readonly id: string }> {
  readonly source: LogSource<Entry>
  /** Without hints the poll alone finds new entries. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly pollMs?: number
  readonly onError?: (error: unknown) => void
}

interface Opened<Entry extends { readonly id: string }> {
  subscribers: number
  readonly feed: Promise<LogFeed<Entry>>
}

/**
 * The tail of a log in this process. One read serves all subscribers of an organization, whatever process wrote the entries; without subscribers
 * nothing is read. Each subscriber has its own cursor, so it can resume anywhere, at any process.
 */
export class EventHub<Entry extends { readonly id: string }> {
  private readonly source: LogSource<Entry>
  private readonly watch: LogWatch
  private readonly feeds = new Map<string, Opened<Entry>>()
  private readonly stopping = new AbortController()

  constructor({ source, notifier, pollMs = 1000, onError }: EventHubOptions<Entry>) {
    this.source = source
    this.watch = createLogWatch({
      notifier,
      pollMs,
      // A read that takes long is followed by a pause as long: reads never take all of the time.
      pauseMs: (tookMs) => Math.max(PAUSE_MS - tookMs, tookMs),
      look: () => this.readFeeds(),
      onError: (error) => onError?.(error),
    })
  }

  /** Entries of an organization as they come, in order, none twice, none left out. Ends when the signal fires or the hub stops. */
  async *subscribe({ org, after, signal }: Subscription): AsyncGenerator<Entry, void> {
    if (after !== null && readPosition(after) === null) throw problem('invalid_input', 'The last event id is not one of ours.')
    const end = AbortSignal.any([signal, this.stopping.signal])
    const opened = this.open(org)
    try {
      const feed = await opened.feed
      let cursor = after ?? feed.end
      while (!end.aborted) {
        const version = feed.version
        const start = feed.start
        const entries = feed.behind(cursor) ?? (await this.source.read(org, cursor, PAGE)).entries
        for (const entry of entries) {
          if (end.aborted) return
          yield entry
          cursor = entry.id
        }
        if (entries.length > 0) continue
        // Nothing lies between the cursor and what the feed keeps, so from here on the feed has it all.
        cursor = later(cursor, start)
        await feed.changed(version, end)
      }
    } finally {
      opened.subscribers--
      if (opened.subscribers === 0) this.feeds.delete(org)
    }
  }

  /** The place behind all that has happened: a subscriber that begins there, now or later, gets everything from here on. */
  now(org: string): Promise<string> {
    return this.source.end(org)
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.watch.stop()
  }

  /** Counts the subscriber at once, so that a feed which is waited for is not dropped. */
  private open(org: string): Opened<Entry> {
    let opened = this.feeds.get(org)
    if (opened === undefined) {
      opened = { subscribers: 0, feed: this.source.end(org).then((now) => new LogFeed<Entry>(now)) }
      this.feeds.set(org, opened)
    }
    opened.subscribers++
    return opened
  }

  private async readFeeds(): Promise<boolean> {
    let isHiding = false
    for (const [org, opened] of this.feeds) isHiding = (await this.readFeed(org, await opened.feed)) || isHiding
    return isHiding
  }

  /** Whether something may be committed already that could not be read yet. */
  private async readFeed(org: string, feed: LogFeed<Entry>): Promise<boolean> {
    for (;;) {
      const { entries, isHiding } = await this.source.read(org, feed.end, PAGE)
      feed.append(entries)
      if (entries.length < PAGE) return isHiding
    }
  }
}

function later(a: string, b: string): string {
  return comparePositions(parsePosition(a), parsePosition(b)) < 0 ? b : a
}
