import { fetchOutside, OutsideError, type OutsidePolicy } from '@orrery/kernel'
import { parseICalendar } from '@orrery/recurrence'

/** What the server said of the text that is kept, if one is. */
export interface FeedValidators {
  readonly url: string
  readonly etag: string | null
  readonly last_modified: string | null
}

export type FeedAnswer =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'text'; readonly text: string; readonly etag: string | null; readonly lastModified: string | null }
  /** In words for whoever made the calendar: no path and no query of the address, which may be as good as a password. */
  | { readonly kind: 'failed'; readonly failure: string }

/** As long as recurrence reads them, in UTF-8. */
const BYTES_MAX = 5_000_000
const HEADER_MAX = 1_000

/** The text of a feed, if it is another one and a calendar. @param signal stops it; then it fails, too. */
export async function fetchFeed(
  { url, etag, last_modified }: FeedValidators,
  policy: OutsidePolicy,
  signal: AbortSignal,
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
    if (answer.status !== 200) return { kind: 'failed', failure: `${new URL(url).host} answers with status ${answer.status}` }
    const text = new TextDecoder().decode(answer.body)
    const failure = findTextFault(text)
    if (failure !== undefined) return { kind: 'failed', failure }
    return { kind: 'text', text, etag: readHeader(answer.headers, 'etag'), lastModified: readHeader(answer.headers, 'last-modified') }
  } catch (error) {
    if (error instanceof OutsideError) return { kind: 'failed', failure: error.message }
    throw error
  }
}

function findTextFault(text: string): string | undefined {
  // PostgreSQL cannot store it.
  if (text.includes('\u0000')) return 'What came is no iCalendar text: it holds a NUL character'
  const parsed = parseICalendar(text)
  return parsed.ok ? undefined : `What came cannot be read: ${parsed.problem.message}`
}

function readHeader(headers: Headers, name: string): string | null {
  const value = headers.get(name)
  return value === null || value.length > HEADER_MAX ? null : value
}
