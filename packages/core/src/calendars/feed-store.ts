import type { Transaction } from '../database/database.ts'
import type { FeedRow } from './calendar-row.ts'

/** Without their texts. */
export async function selectFeeds(tx: Transaction, org: string, urls: readonly string[] | null = null): Promise<FeedRow[]> {
  const { rows } = await tx.client.query<FeedRow>(
    `select url, due_at, revision, changed_at, fetched_at, failed_at, failure from app.calendar_feed
     where org_id = $1 and ($2::text[] is null or url = any ($2)) order by url`,
    [org, urls],
  )
  return rows
}

/** The last good text of each that has one. */
export async function selectTexts(tx: Transaction, org: string, urls: readonly string[]): Promise<Map<string, string>> {
  if (urls.length === 0) return new Map()
  const { rows } = await tx.client.query<{ url: string; text: string }>(
    'select url, text from app.calendar_feed where org_id = $1 and url = any ($2) and text is not null',
    [org, urls],
  )
  return new Map(rows.map(({ url, text }) => [url, text]))
}

/** Those that are new are due at once. */
export async function addFeeds(tx: Transaction, org: string, urls: readonly string[], now: Date): Promise<void> {
  if (urls.length === 0) return
  await tx.client.query(
    'insert into app.calendar_feed (org_id, url, due_at) select $1, url, $3 from unnest($2::text[]) url on conflict do nothing',
    [org, urls, now],
  )
}

export async function hurryFeeds(tx: Transaction, org: string, urls: readonly string[], now: Date): Promise<void> {
  await tx.client.query('update app.calendar_feed set due_at = least(due_at, $3) where org_id = $1 and url = any ($2)', [org, urls, now])
}

export async function removeFeeds(tx: Transaction, org: string, urls: readonly string[]): Promise<void> {
  if (urls.length === 0) return
  await tx.client.query('delete from app.calendar_feed where org_id = $1 and url = any ($2)', [org, urls])
}
