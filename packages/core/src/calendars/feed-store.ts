import { assignments, empty, type Sql, sql, type Transaction } from '@orrery/kernel'
import type { FeedRow } from './calendar-row.ts'
import type { FeedValidators, FetchedText } from './fetch-feed.ts'

/** Feeds without their texts. */
export function selectFeeds(tx: Transaction, org: string, urls: readonly string[]): Promise<FeedRow[]> {
  return tx.rows<FeedRow>(
    sql`select url, due_at, revision, changed_at, fetched_at, failed_at, failure, warnings from app.calendar_feed
        where org_id = ${org} and url = any (${urls}) order by url`,
  )
}

/** The last good text of each feed that has one, by URL. */
export async function selectTexts(tx: Transaction, org: string, urls: readonly string[]): Promise<Map<string, string>> {
  if (urls.length === 0) return new Map()
  const rows = await tx.rows<{ url: string; text: string }>(
    sql`select url, text from app.calendar_feed where org_id = ${org} and url = any (${urls}) and text is not null`,
  )
  return new Map(rows.map(({ url, text }) => [url, text]))
}

/** Adds feeds, which are due at once. Existing ones are not changed. */
export async function addFeeds(tx: Transaction, org: string, urls: readonly string[], now: Date): Promise<void> {
  if (urls.length === 0) return
  await tx.write(
    sql`insert into app.calendar_feed (org_id, url, due_at) select ${org}::uuid, url, ${now}::timestamptz from unnest(${urls}::text[]) url
        on conflict do nothing`,
  )
}

export async function makeFeedsDue(tx: Transaction, org: string, urls: readonly string[], now: Date): Promise<void> {
  await tx.write(sql`update app.calendar_feed set due_at = least(due_at, ${now}) where org_id = ${org} and url = any (${urls})`)
}

export async function removeFeeds(tx: Transaction, org: string, urls: readonly string[]): Promise<void> {
  if (urls.length === 0) return
  await tx.write(sql`delete from app.calendar_feed where org_id = ${org} and url = any (${urls})`)
}

export interface ClaimedFeed extends FeedValidators {
  readonly org_id: string
  readonly was_due_at: Date
  readonly leased_until: Date
}

/** Feeds of all organizations, with the time of their next fetch. The due clock reads this query. */
export const waitingFeeds: Sql = sql`select org_id, due_at as at from app.calendar_feed`

/** Claims due feeds of an organization, except these, by moving their due time to the end of a lease. Until then, other processes skip them. */
export function claimFeeds(
  tx: Transaction,
  org: string,
  lease: { readonly now: Date; readonly until: Date },
  limit: number,
  except: readonly string[],
): Promise<ClaimedFeed[]> {
  return tx.rows<ClaimedFeed>(
    sql`update app.calendar_feed f set due_at = ${lease.until} from (
          select org_id, url, due_at from app.calendar_feed
          where org_id = ${org} and due_at <= ${lease.now} and url <> all (${except}) order by due_at limit ${limit} for update skip locked) d
        where f.org_id = d.org_id and f.url = d.url
        returning f.org_id, f.url, f.etag, f.last_modified, d.due_at as was_due_at, f.due_at as leased_until`,
  )
}

export interface StoredFeed {
  readonly text: string | null
  readonly failures: number
}

export function lockFeed(tx: Transaction, org: string, url: string): Promise<StoredFeed | undefined> {
  return tx.row<StoredFeed>(sql`select text, failures from app.calendar_feed where org_id = ${org} and url = ${url} for update`)
}

export interface FetchedFeed {
  readonly org: string
  readonly url: string
  readonly at: Date
  /** The end of the lease, as `claimFeeds` set it. */
  readonly leasedUntil: Date
  readonly nextAt: Date
}

/** A refresh that was requested during the fetch has made the feed due. It stays due, as the fetched text may be older than the request. */
const dueAfter = ({ leasedUntil, nextAt }: FetchedFeed) => sql`due_at = case when due_at = ${leasedUntil} then ${nextAt} else due_at end`

/** @param answer null: the stored text is still current */
export async function recordSuccess(
  tx: Transaction,
  fetched: FetchedFeed,
  answer: (FetchedText & { readonly isNew: boolean }) | null,
): Promise<void> {
  const { org, url, at } = fetched
  const read = { fetched_at: at, failed_at: null, failure: null, failures: 0 }
  const said = answer === null ? {} : { etag: answer.etag, last_modified: answer.lastModified }
  const text = answer?.isNew ? sql`, text = ${answer.text}, revision = revision + 1, changed_at = ${at}` : empty
  const warnings = answer === null ? empty : sql`, warnings = ${JSON.stringify(answer.warnings)}`
  await tx.write(
    sql`update app.calendar_feed set ${dueAfter(fetched)}, ${assignments({ ...read, ...said })} ${text} ${warnings} where org_id = ${org} and url = ${url}`,
  )
}

export async function recordFailure(tx: Transaction, fetched: FetchedFeed, failure: string, failures: number): Promise<void> {
  const { org, url, at } = fetched
  const changes = assignments({ failed_at: at, failure, failures })
  await tx.write(sql`update app.calendar_feed set ${dueAfter(fetched)}, ${changes} where org_id = ${org} and url = ${url}`)
}
