import type { Database } from './database.ts'
import { sql } from './sql.ts'

/**
 * The invariant views of schema `app` that have rows, with their counts. Empty when all invariants hold. The engine's store reads its own
 * views.
 */
export function listViolations(database: Database): Promise<{ invariant: string; rows: number }[]> {
  return database.survey(async (tx) => {
    const views = await tx.rows<{ name: string }>(
      sql`select relname as name from pg_catalog.pg_class
          where relnamespace = 'app'::regnamespace and relkind = 'v' and relname like 'inv\\_%' order by 1`,
    )
    const found: { invariant: string; rows: number }[] = []
    for (const { name } of views) {
      // The name of a view cannot be a parameter. This one comes from the catalogue.
      const row = await tx.row<{ count: number }>({ text: `select count(*)::int as count from app.${name}`, values: [] })
      const count = row?.count ?? 0
      if (count > 0) found.push({ invariant: name, rows: count })
    }
    return found
  })
}
