import type { CoreEngine } from '../context.ts'
import type { Database, Transaction } from '../database/database.ts'
import { toCalendarEvent, toUpdates } from './announce-calendars.ts'
import { feedsOf } from './calendar-row.ts'
import { selectCalendars } from './calendar-store.ts'
import type { FeedAnswer } from './fetch-feed.ts'

const HOUR_MS = 3_600_000
const RETRY_MS = 60_000
const RETRY_MAX_MS = 6 * HOUR_MS

export interface Fetched {
  readonly org: string
  readonly url: string
  readonly answer: FeedAnswer
  readonly at: number
  /** When the feed becomes due again if nothing is kept, as it was set before the fetch. */
  readonly leasedUntil: Date
}

interface Kept {
  readonly text: string | null
  readonly failures: number
}

/**
 * Writes what came of a fetch, as the application, in the feed's organization: a good text, or that it failed, which leaves the last good text in
 * use. Says so to those who keep what follows from the calendar. True if there are events.
 */
export async function keepFeed(database: Database, engine: CoreEngine, fetched: Fetched): Promise<boolean> {
  const { org, url, answer, at } = fetched
  return database.transaction(org, 'read write', async (tx) => {
    const { rows } = await tx.client.query<Kept>('select text, failures from app.calendar_feed where org_id = $1 and url = $2 for update', [
      org,
      url,
    ])
    const [kept] = rows
    // No calendar has it any more.
    if (kept === undefined) return false
    if (answer.kind === 'failed') await setFailed(tx, fetched, answer.failure, kept.failures + 1)
    else await setGood(tx, fetched, answer)
    const isNews = answer.kind === 'text' ? answer.text !== kept.text : answer.kind === 'failed' && kept.failures === 0
    if (!isNews) return false
    const calendars = await selectCalendars(tx, org)
    const names = calendars.filter(({ definition }) => feedsOf(definition).includes(url)).map(({ name }) => name)
    const events =
      answer.kind === 'failed'
        ? names.map((name) => toCalendarEvent(org, 'calendar.feed_failed', name, at, { feed: url, failure: answer.failure }))
        : toUpdates(org, calendars, names, at, { cause: 'feed', feed: url })
    await engine.appendEvents(events, tx.client)
    return true
  })
}

/** Who asks for a feed in the middle of a fetch makes it due; then it stays due, since the answer may be older than that wish. */
const DUE = 'due_at = case when due_at = $3 then $4 else due_at end'

async function setGood(
  tx: Transaction,
  { org, url, at, leasedUntil }: Fetched,
  answer: Exclude<FeedAnswer, { kind: 'failed' }>,
): Promise<void> {
  const { text, etag, lastModified } = answer.kind === 'text' ? answer : { text: null, etag: null, lastModified: null }
  const now = new Date(at)
  await tx.client.query(
    `update app.calendar_feed set ${DUE}, fetched_at = $5, failed_at = null, failure = null, failures = 0 where org_id = $1 and url = $2`,
    [org, url, leasedUntil, new Date(at + spread(HOUR_MS)), now],
  )
  if (text === null) return
  await tx.client.query(
    `update app.calendar_feed set text = $3, etag = $4, last_modified = $5,
       revision = revision + (text is distinct from $3)::int, changed_at = case when text is distinct from $3 then $6 else changed_at end
     where org_id = $1 and url = $2`,
    [org, url, text, etag, lastModified, now],
  )
}

async function setFailed(tx: Transaction, { org, url, at, leasedUntil }: Fetched, failure: string, failures: number): Promise<void> {
  const waitMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(failures - 1, 20))
  await tx.client.query(`update app.calendar_feed set ${DUE}, failed_at = $5, failure = $6, failures = $7 where org_id = $1 and url = $2`, [
    org,
    url,
    leasedUntil,
    new Date(at + spread(waitMs)),
    new Date(at),
    failure,
    failures,
  ])
}

/** Up to a tenth more, so that what was added together is not fetched together for ever. */
const spread = (ms: number): number => ms * (1 + Math.random() / 10)
