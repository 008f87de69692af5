/** Rows looked at in one step: so many mean that there may be more. */
export const RESEAL_BATCH = 100

/**
 * Goes through rows in their order, batch by batch, until one batch's number of them is resealed. Those that do not open are passed over for
 * good: enough of them would else stand in front of all others. Gives how many were resealed.
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
