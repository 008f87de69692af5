import type { CoreEngine, Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { sql } from '../database/sql.ts'
import type { OutsidePolicy } from '../outside/outside-policy.ts'
import { fetchFeed, type KeptText } from './fetch-feed.ts'
import { keepFeed } from './keep-feed.ts'

export interface FeedRefresherOptions {
  readonly database: Database
  readonly engine: CoreEngine
  readonly outside: OutsidePolicy
  /** Tells all processes that the event log has grown. */
  readonly announce: () => void
  readonly log: Log
  /** How late a feed may be looked at that became due. */
  readonly pollMs?: number
}

const POLL_MS = 15_000
/** Feeds fetched at once by one process. */
const BATCH = 8
/** Longer than a fetch may take; who dies in the middle leaves the feed to the next after this. */
const LEASE_MS = 60_000

interface Due extends KeptText {
  readonly org_id: string
  readonly due_at: Date
}

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
    const due = await this.claim()
    const outcomes = await Promise.allSettled(due.map((feed) => this.refresh(feed)))
    for (const one of outcomes)
      if (one.status === 'rejected') this.options.log.warn({ error: one.reason }, 'A feed could not be kept; it is tried again')
    return due.length
  }

  /** Who moves the time on has it. What is fetched is read outside of any transaction, since that can take long. */
  private claim(): Promise<Due[]> {
    const { database, engine } = this.options
    const now = engine.now()
    return database.ask<Due & { [column: string]: unknown }>(sql`update app.calendar_feed f set due_at = ${new Date(now + LEASE_MS)} from (
         select org_id, url from app.calendar_feed where due_at <= ${new Date(now)} order by due_at limit ${BATCH} for update skip locked) d
       where f.org_id = d.org_id and f.url = d.url returning f.org_id, f.url, f.etag, f.last_modified, f.due_at`)
  }

  private async refresh(feed: Due): Promise<void> {
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
