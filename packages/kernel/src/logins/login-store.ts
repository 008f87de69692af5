import type pg from 'pg'
import { sql } from '../database/sql.ts'

export interface LoginRow {
  readonly id: string
  readonly person_id: string
  readonly last_org: string | null
  readonly client: string | null
  readonly administers_installation: boolean
  readonly proved_at: Date
  readonly expires_at: Date
}

/** @param people sees the schema `auth` alone */
export async function selectLogin(people: pg.Pool, token: string): Promise<LoginRow | undefined> {
  const { rows } = await people.query<LoginRow>(
    sql`select l.id, l.person_id, l.last_org, l.client, p.administers_installation, l.proved_at, l.expires_at
        from auth.login l join auth.person p on p.id = l.person_id where l.token = ${token}`,
  )
  return rows[0]
}
