/** A position in the log: transaction and row, compared as numbers. The public form is `<transaction>-<row>`. */
export interface Position {
  readonly tx: bigint
  readonly row: bigint
}

/** @param id must have the form that `eventId` in the contract checks. */
export function parsePosition(id: string): Position {
  const [tx = '', row = ''] = id.split('-')
  return { tx: BigInt(tx), row: BigInt(row) }
}

export function comparePositions(a: Position, b: Position): number {
  if (a.tx !== b.tx) return a.tx < b.tx ? -1 : 1
  return a.row === b.row ? 0 : a.row < b.row ? -1 : 1
}

const TX_MAX = 2n ** 64n - 1n
const ROW_MAX = 2n ** 63n - 1n

/** Null for a text of another form, and for numbers that are too large for the database. */
export function readPosition(id: string): Position | null {
  if (!/^\d{1,20}-\d{1,19}$/.test(id)) return null
  const position = parsePosition(id)
  return position.tx <= TX_MAX && position.row <= ROW_MAX ? position : null
}
