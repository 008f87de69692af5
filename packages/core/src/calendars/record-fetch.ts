import { appendEvents, type Kernel, type Transaction, transactAsSystem } from '@orrery/kernel'
import { toCalendarEvent, toUpdateEvents } from './calendar-events.ts'
import { feedsOf } from './calendar-row.ts'
import { selectCalendars } from './calendar-store.ts'
import { lockFeed, recordFailure, recordSuccess, type StoredFeed } from './feed-store.ts'
import type { FeedAnswer } from './fetch-feed.ts'

const HOUR_MS = 3_600_000
const RETRY_MS = 60_000
const RETRY_MAX_MS = 6 * HOUR_MS

export interface FetchResult {
  readonly org: string
  readonly url: string
  readonly answer: FeedAnswer
  readonly at: number
  /** When the feed becomes due again if the result is not recorded. Set before the fetch. */
  readonly leasedUntil: Date
}

/**
 * Records the result of a fetch: a good text, or a failure, which leaves the last good text in use. Emits events for the readers that
 * depend on the calendars with this feed.
 */
export async function recordFetch(kernel: Kernel, fetched: FetchResult): Promise<void> {
  const { org, url, answer } = fetched
  await transactAsSystem(kernel, org, 'calendars', async (ctx, tx) => {
    const kept = await lockFeed(tx, org, url)
    // No calendar uses the feed any more.
    if (kept === undefined) return
    await write(tx, fetched, kept)
    const isNews = answer.kind === 'text' ? answer.text !== kept.text : answer.kind === 'failed' && kept.failures === 0
    if (!isNews) return
    const calendars = await selectCalendars(tx, org)
    const names = calendars.filter(({ definition }) => feedsOf(definition).includes(url)).map(({ name }) => name)
    // The address of a private feed is a secret, so readers of events learn only its server.
    const feed = new URL(url).origin
    const events =
      answer.kind === 'failed'
        ? names.map((name) => toCalendarEvent('calendar.feed_failed', name, { feed, failure: answer.failure }))
        : toUpdateEvents(calendars, names, { cause: 'feed', feed })
    await appendEvents(ctx, tx, events)
  })
}

async function write(tx: Transaction, { org, url, answer, at, leasedUntil }: FetchResult, kept: StoredFeed): Promise<void> {
  const fetched = { org, url, at: new Date(at), leasedUntil, nextAt: new Date(at + spread(HOUR_MS)) }
  switch (answer.kind) {
    case 'text':
      return recordSuccess(tx, fetched, { ...answer, isNew: answer.text !== kept.text })
    case 'unchanged':
      return recordSuccess(tx, fetched, null)
    case 'failed': {
      const waitMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(kept.failures, 20))
      return recordFailure(tx, { ...fetched, nextAt: new Date(at + spread(waitMs)) }, answer.failure, kept.failures + 1)
    }
  }
}

/** Adds up to a tenth, so that feeds added at the same time are not always fetched at the same time. */
const spread = (ms: number): number => ms * (1 + Math.random() / 10)
