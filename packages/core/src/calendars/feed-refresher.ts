import type { CoreEngine, Database, Log, OutsidePolicy } from '@orrery/kernel'
import { type ClaimedFeed, claimFeeds } from './feed-store.ts'
import { fetchFeed } from './fetch-feed.ts'
import { keepFeed } from './keep-feed.ts'

export interface FeedRefresherOptions {
  readonly database: Database
  readonly engine: CoreEngine
  readonly outside: OutsidePolicy
  /** Tells all processes that the event log has grown. */
  readonly announce: () => void
  readonly log: Log
  /** Poll interval: the longest that a due feed waits. */
  readonly pollMs?: number
}

const POLL_MS = 15_000
/** Feeds fetched at once by one process. */
const BATCH = 8
/** Longer than a fetch may take. If a process dies during one, another fetches the feed after this. */
const LEASE_MS = 60_000

/** Fetches the feeds of calendars when they are due. Runs in every process; the database gives each feed to one at a time. */
export class FeedRefresher {
  private readonly options: FeedRefresherOptions
  private readonly stopping = new AbortController()
  private timer: NodeJS.Timeout | null = null
  private working: Promise<void> | null = null

  constructor(options: FeedRefresherOptions) {
    this.options = options
  }

  start(): void {
    this.plan(0)
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    if (this.timer !== null) clearTimeout(this.timer)
    await this.working
  }

  private plan(delayMs: number): void {
    if (this.stopping.signal.aborted) return
    this.timer = setTimeout(() => {
      this.working = this.work()
        .catch((error: unknown) => {
          this.options.log.warn({ error }, 'Feeds of calendars could not be looked at; it is tried again')
          return 0
        })
        .then((count) => this.plan(count < BATCH ? (this.options.pollMs ?? POLL_MS) : 0))
    }, delayMs)
    this.timer.unref()
  }

  /** How many were due. */
  private async work(): Promise<number> {
    const { database, engine } = this.options
    const now = engine.now()
    // A lease rather than a lock: a fetch can take long, and no transaction is open meanwhile.
    const due = await claimFeeds(database, new Date(now), new Date(now + LEASE_MS), BATCH)
    const outcomes = await Promise.allSettled(due.map((feed) => this.refresh(feed)))
    for (const one of outcomes)
      if (one.status === 'rejected') this.options.log.warn({ error: one.reason }, 'A feed could not be kept; it is tried again')
    return due.length
  }

  private async refresh(feed: ClaimedFeed): Promise<void> {
    const { database, engine, outside, announce, log } = this.options
    const answer = await fetchFeed(feed, outside, this.stopping.signal)
    // It failed because we stop: that is nothing to remember. It is due again when the lease is over.
    if (this.stopping.signal.aborted) return
    const host = new URL(feed.url).host
    if (answer.kind === 'failed') log.info({ org: feed.org_id, host, failure: answer.failure }, 'A feed of a calendar could not be fetched')
    const fetched = { org: feed.org_id, url: feed.url, answer, at: engine.now(), leasedUntil: feed.due_at }
    const hasNews = await keepFeed(database, engine, fetched)
    if (hasNews) announce()
  }
}
