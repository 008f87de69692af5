/** Lists at an offset with a total, made of lists behind a cursor. */
import { z } from 'zod'

/** So many rows are read for one answer; what lies behind them is not counted. */
const ROWS_MAX = 10_000
const PAGE = 200
/** Requests of one answer that are under way at once. */
const AT_ONCE = 8

/** Numbers and switches of a query are text. */
export const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
export const flag = z.enum(['true', 'false', 'True', 'False', '1', '0']).transform((text) => /^(?:true|1)$/i.test(text))

export const paging = { limit: wholeNumber(1, 200).default(50), offset: wholeNumber(0, ROWS_MAX).default(0) }

export interface CursorPage<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/** All rows that are wanted, read page by page: as many as there are, up to a bound. */
export async function readRows<T>(
  read: (page: { limit: number; cursor?: string }) => Promise<CursorPage<T>>,
  isWanted: (row: T) => boolean = () => true,
): Promise<T[]> {
  const rows: T[] = []
  let cursor: string | undefined
  for (let seen = 0; seen < ROWS_MAX; seen += PAGE) {
    const page = await read({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) })
    rows.push(...page.items.filter(isWanted))
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  return rows
}

/** `each` of the rows, a few at a time, in their order. */
export async function mapRows<T, R>(rows: readonly T[], each: (row: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (let from = 0; from < rows.length; from += AT_ONCE) done.push(...(await Promise.all(rows.slice(from, from + AT_ONCE).map(each))))
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
