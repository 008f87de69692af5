import { fetchOutside, OutsideError, type OutsidePolicy } from '@orrery/kernel'
import type { ReadFeed } from './read-feed.ts'

/** A feed with the validators of its stored text, for a conditional request (RFC 9110, section 8.8). */
export interface FeedValidators {
  readonly url: string
  readonly etag: string | null
  readonly last_modified: string | null
}

export interface FetchedText {
  readonly text: string
  /** What of it was left out or is not understood, one sentence each. */
  readonly warnings: readonly string[]
  readonly etag: string | null
  readonly lastModified: string | null
}

export type FeedAnswer =
  | { readonly kind: 'unchanged' }
  | ({ readonly kind: 'text' } & FetchedText)
  /** The reason, shown to users. Without the path and query of the address, which may be a secret. */
  | { readonly kind: 'failed'; readonly failure: string }

/** The longest feed that the recurrence package reads, in UTF-8. */
const BYTES_MAX = 5_000_000
const HEADER_CHARS_MAX = 1_000

/** Fetches the text of a feed, if it has changed. @param signal aborts the fetch, which then fails. @param read reads the text */
export async function fetchFeed(
  { url, etag, last_modified }: FeedValidators,
  policy: OutsidePolicy,
  signal: AbortSignal,
  read: (text: string) => Promise<ReadFeed>,
): Promise<FeedAnswer> {
  const limits = { connectMs: 5_000, headersMs: 10_000, totalMs: 20_000, answerBytesMax: BYTES_MAX }
  const headers = {
    accept: 'text/calendar, */*;q=0.1',
    ...(etag === null ? {} : { 'if-none-match': etag }),
    ...(last_modified === null ? {} : { 'if-modified-since': last_modified }),
  }
  try {
    const answer = await fetchOutside({ url, headers, signal }, { ...policy, ...limits })
    if (answer.status === 304 && (etag !== null || last_modified !== null)) return { kind: 'unchanged' }
    if (answer.status !== 200) return { kind: 'failed', failure: `${new URL(url).host} answered with status ${answer.status}` }
    const text = new TextDecoder().decode(answer.body)
    const found = await read(text)
    if ('failure' in found) return { kind: 'failed', failure: found.failure }
    const [etagNow, lastModified] = [readHeader(answer.headers, 'etag'), readHeader(answer.headers, 'last-modified')]
    return { kind: 'text', text, warnings: found.warnings, etag: etagNow, lastModified }
  } catch (error) {
    if (error instanceof OutsideError) return { kind: 'failed', failure: error.message }
    throw error
  }
}

function readHeader(headers: Headers, name: string): string | null {
  const value = headers.get(name)
  return value === null || value.length > HEADER_CHARS_MAX ? null : value
}
