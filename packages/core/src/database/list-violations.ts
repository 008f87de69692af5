import type { Database } from './database.ts'

/** Rows of each invariant view of schema `app` that returned any; empty when all hold. The engine's are in its store. */
export function listViolations(database: Database): Promise<{ invariant: string; rows: number }[]> {
  return database.loop(async ({ client }) => {
    const { rows: views } = await client.query<{ name: string }>(
      `select relname as name from pg_catalog.pg_class
       where relnamespace = 'app'::regnamespace and relkind = 'v' and relname like 'inv\\_%' order by 1`,
    )
    const found: { invariant: string; rows: number }[] = []
    for (const { name } of views) {
      const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from app.${name}`)
      const count = rows[0]?.count ?? 0
      if (count > 0) found.push({ invariant: name, rows: count })
    }
    return found
  })
}
