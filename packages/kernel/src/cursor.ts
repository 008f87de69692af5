import { type Page, problem } from '@orrery/contract'

type Key = readonly (string | number)[]

/** What a part of a key must look like, so that the database can compare it. */
interface Form {
  test(part: string): boolean
}

/** A cursor is the sort key of the last row seen. Opaque to callers, who could not make a harmful one anyway: it is only compared. */
export function encodeCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** @param forms what each part of the key must look like. @throws invalid_input */
export function decodeCursor(cursor: string | undefined, forms: readonly Form[]): string[] | null {
  if (cursor === undefined) return null
  const parts = parse(cursor)
  const fits = parts !== null && parts.length === forms.length && parts.every((part, at) => forms[at]?.test(part))
  if (!fits) {
    const error = { path: 'cursor', message: 'This is not a cursor of this list', expected: 'the nextCursor of the page before' }
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

/** Cuts a list that was read with one row too many, and names the last row kept. */
export function toPage<Row, Item>(rows: readonly Row[], limit: number, toItem: (row: Row) => Item, keyOf: (row: Row) => Key): Page<Item> {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return { items: kept.map(toItem), nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null }
}

export const UUID_FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const TIME_FORM: Form = {
  test: (part) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part) && !Number.isNaN(Date.parse(part)),
}
/** A name as text: no NUL, which the database would refuse. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it is about.
export const TEXT_FORM = /^[^\u0000]{0,1024}$/
export const NUMBER_FORM = /^\d{1,15}$/
