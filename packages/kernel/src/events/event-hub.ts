import { problem } from '@orrery/contract'
import type { Notifier } from '@orrery/engine'
import { comparePositions, parsePosition, readPosition } from './event-position.ts'
import { LogFeed } from './log-feed.ts'
import type { LogSource } from './log-source.ts'
import { createLogWatch, type LogWatch } from './log-watch.ts'

const PAGE_MAX = 500
/** The shortest time from the start of a read to the next one, so that a burst of hints shares one read. */
const PAUSE_MS = 2

export interface Subscription {
  /** UUID of the organization. */
  readonly org: string
  /** Id of the last entry that the subscriber has; null: start with new entries. */
  readonly after: string | null
  readonly signal: AbortSignal
}

export interface EventHubOptions<Entry extends { readonly id: string }> {
  readonly source: LogSource<Entry>
  /** Source of hints. Null: only the poll finds new entries. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly pollMs?: number
  readonly onError?: (error: unknown) => void
}

interface OpenFeed<Entry extends { readonly id: string }> {
  subscribers: number
  readonly feed: Promise<LogFeed<Entry>>
}

/**
 * Follows the end of a log for the subscribers of this process. One read serves all subscribers of an organization, whichever process wrote
 * the entries. Without subscribers it reads nothing. Each subscriber has its own cursor, so it can resume at any entry, in any process.
 */
export class EventHub<Entry extends { readonly id: string }> {
  private readonly source: LogSource<Entry>
  private readonly watch: LogWatch
  private readonly feeds = new Map<string, OpenFeed<Entry>>()
  private readonly stopping = new AbortController()

  constructor({ source, notifier, pollMs = 1000, onError }: EventHubOptions<Entry>) {
    this.source = source
    this.watch = createLogWatch({
      notifier,
      pollMs,
      // After a slow read the pause is as long as the read, so that reads take at most half of the time.
      pauseMs: (tookMs) => Math.max(PAUSE_MS - tookMs, tookMs),
      readEnd: () => this.readFeeds(),
      onError: (error) => onError?.(error),
    })
  }

  /** Yields the entries of an organization in order, each exactly once. Ends when the signal aborts or the hub stops. */
  async *subscribe({ org, after, signal }: Subscription): AsyncGenerator<Entry, void> {
    if (after !== null && readPosition(after) === null) throw problem('invalid_input', 'The last event id is not valid.')
    const end = AbortSignal.any([signal, this.stopping.signal])
    const opened = this.open(org)
    try {
      const feed = await opened.feed
      let cursor = after ?? feed.end
      while (!end.aborted) {
        const version = feed.version
        const start = feed.start
        const entries = feed.after(cursor) ?? (await this.source.read(org, cursor, PAGE_MAX)).entries
        for (const entry of entries) {
          if (end.aborted) return
          yield entry
          cursor = entry.id
        }
        if (entries.length > 0) continue
        // There is no entry between the cursor and the first one that the feed keeps, so the feed has all later entries.
        cursor = later(cursor, start)
        await feed.changed(version, end)
      }
    } finally {
      opened.subscribers--
      if (opened.subscribers === 0) this.feeds.delete(org)
    }
  }

  /** The current end of the log. A subscriber that begins there, now or later, gets every entry that is written from now on. */
  now(org: string): Promise<string> {
    return this.source.end(org)
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.watch.stop()
  }

  /** Counts the subscriber before the feed is ready, so that the feed is not dropped in the meantime. */
  private open(org: string): OpenFeed<Entry> {
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

  /** Returns whether committed entries may exist that cannot be read yet. */
  private async readFeed(org: string, feed: LogFeed<Entry>): Promise<boolean> {
    for (;;) {
      const { entries, isHiding } = await this.source.read(org, feed.end, PAGE_MAX)
      feed.append(entries)
      if (entries.length < PAGE_MAX) return isHiding
    }
  }
}

function later(a: string, b: string): string {
  return comparePositions(parsePosition(a), parsePosition(b)) < 0 ? b : a
}
