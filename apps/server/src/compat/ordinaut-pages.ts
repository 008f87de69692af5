/** Lists with an offset and a total, built from lists with a cursor. */
import { z } from 'zod'

/** At most this many rows are read for one answer; further rows are neither listed nor counted. */
const ROWS_MAX = 10_000
const PAGE_ROWS = 200
/** How many calls one request makes concurrently. */
const CONCURRENT_CALLS_MAX = 8

/** Numbers and booleans in a query are text. */
export const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
export const flag = z.enum(['true', 'false', 'True', 'False', '1', '0']).transform((text) => /^(?:true|1)$/i.test(text))

export const paging = { limit: wholeNumber(1, 200).default(50), offset: wholeNumber(0, ROWS_MAX).default(0) }

export interface CursorPage<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/** Reads all rows that `isWanted` accepts, page by page, up to ROWS_MAX. */
export async function readRows<T>(
  read: (page: { limit: number; cursor?: string }) => Promise<CursorPage<T>>,
  isWanted: (row: T) => boolean = () => true,
): Promise<T[]> {
  const rows: T[] = []
  let cursor: string | undefined
  for (let seen = 0; seen < ROWS_MAX; seen += PAGE_ROWS) {
    const page = await read({ limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) })
    rows.push(...page.items.filter(isWanted))
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  return rows
}

/** Maps the rows with `each`, a few concurrently. The results are in the order of the rows. */
export async function mapRows<T, R>(rows: readonly T[], each: (row: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (let from = 0; from < rows.length; from += CONCURRENT_CALLS_MAX)
    done.push(...(await Promise.all(rows.slice(from, from + CONCURRENT_CALLS_MAX).map(each))))
  return done
}

export async function answerPage<T>(
  rows: readonly T[],
  { limit, offset }: { readonly limit: number; readonly offset: number },
  show: (row: T) => Promise<object>,
) {
  const shown = rows.slice(offset, offset + limit)
  return { items: await mapRows(shown, show), total: rows.length, limit, offset, has_more: offset + shown.length < rows.length }
}
