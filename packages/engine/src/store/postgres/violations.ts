import type pg from 'pg'
import { readWholeTables } from './read-whole-tables.ts'

/** Runs every view `engine.inv_…` and names those that have rows. The list comes from the catalogue, so a new view needs no change here. */
export function findViolations(pool: pg.Pool): Promise<readonly { readonly invariant: string; readonly rows: number }[]> {
  return readWholeTables(pool, async (client) => {
    const views = await client.query<{ name: string }>(
      `select relname as name from pg_catalog.pg_class
       where relnamespace = 'engine'::regnamespace and relkind = 'v' and relname like 'inv\\_%' order by 1`,
    )
    const found: { invariant: string; rows: number }[] = []
    for (const { name } of views.rows) {
      const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from engine.${client.escapeIdentifier(name)}`)
      const n = rows[0]?.n ?? 0
      if (n > 0) found.push({ invariant: name, rows: n })
    }
    return found
  })
}
