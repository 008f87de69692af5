import { type Page, problem } from '@orrery/contract'

type Key = readonly (string | number)[]

/** The form that one part of a key must have, so that the database can compare it. */
interface Form {
  test(part: string): boolean
}

/** A cursor is the sort key of the last row of a page. It is opaque to callers. A forged one does no harm: the key is only compared. */
export function encodeCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** @param forms the form of each part of the key. @returns null without a cursor. @throws invalid_input */
export function decodeCursor(cursor: string | undefined, forms: readonly Form[]): string[] | null {
  if (cursor === undefined) return null
  const parts = parse(cursor)
  const fits = parts !== null && parts.length === forms.length && parts.every((part, at) => forms[at]?.test(part))
  if (!fits) {
    const error = { path: 'cursor', message: 'This is not a cursor of this list', expected: 'the nextCursor of the previous page' }
    throw problem('invalid_input', 'The cursor is not valid.', { errors: [error] })
  }
  return parts
}

function parse(cursor: string): string[] | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(value) && value.every((part) => typeof part === 'string' || typeof part === 'number') ? value.map(String) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** A page of up to `limit` rows. The caller reads one row more than that: it shows whether there is a next page. */
export function toPage<Row, Item>(rows: readonly Row[], limit: number, toItem: (row: Row) => Item, keyOf: (row: Row) => Key): Page<Item> {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return { items: kept.map(toItem), nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null }
}

export const UUID_FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const TIME_FORM: Form = {
  test: (part) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part) && !Number.isNaN(Date.parse(part)),
}
/** A name. Without NUL, which the database rejects. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression excludes NUL.
export const TEXT_FORM = /^[^\u0000]{0,1024}$/
export const NUMBER_FORM = /^\d{1,15}$/
