/** Rows read at a time. A full batch means that more rows may remain. */
export const RESEAL_BATCH = 100

/**
 * Reads rows in order, batch by batch, until it has resealed as many rows as one batch has. Skips rows that cannot be opened: otherwise
 * enough of them would keep the rows after them from ever being resealed.
 * @param select returns the next batch after a row. @param reseal returns whether it resealed the row. @returns how many rows were resealed
 */
export async function resealRows<Row>(
  select: (after: Row | undefined) => Promise<readonly Row[]>,
  reseal: (row: Row) => Promise<boolean>,
): Promise<number> {
  let count = 0
  let rows: readonly Row[] = []
  do {
    rows = await select(rows.at(-1))
    for (const row of rows) if (await reseal(row)) count += 1
  } while (rows.length === RESEAL_BATCH && count < RESEAL_BATCH)
  return count
}
