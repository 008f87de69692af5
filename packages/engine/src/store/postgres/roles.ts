import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'

/**
 * orrery_owner owns the schemas, orrery_engine runs the engine's loops over all orgs, orrery_app serves one org at a time, orrery_auth sees
 * people and their logins and nothing of orgs. None of them can log in: pools take them with `-c role=…`.
 */
export const ROLES = ['orrery_owner', 'orrery_engine', 'orrery_app', 'orrery_auth'] as const

/** The login lacks a role that it needs and cannot grant it to itself. */
export class RoleRefused extends Error {
  override readonly name = 'RoleRefused'

  constructor(role: string, options?: ErrorOptions) {
    super(`The login may not take the role ${role}: have a superuser run \`grant ${role} to <login>\``, options)
  }
}

const ATTEMPTS_MAX = 20
/** Before the second attempt; before each later one this much longer. */
const PAUSE_MS_MAX = 20

/**
 * Creates the roles and grants them to the current login. Roles belong to the whole cluster, and several databases may migrate at once: a
 * lost race shows as a duplicate or as a concurrent update of a catalogue row, and is retried.
 */
export async function ensureRoles(client: pg.ClientBase): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      for (const role of ROLES) await ensureRole(client, role)
      await client.query(`do $$ begin execute format('grant create, connect on database %I to orrery_owner', current_database()); end $$`)
      return
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isLostRace(error)) throw error
      // Random, so that two migrations that lost a race do not meet again.
      await delay(Math.random() * attempt * PAUSE_MS_MAX)
    }
  }
}

async function ensureRole(client: pg.ClientBase, role: string): Promise<void> {
  const found = await client.query('select 1 from pg_catalog.pg_roles where rolname = $1', [role])
  if (found.rows.length === 0) await client.query(`create role ${role} nologin`)
  if (await canTake(client, role)) return
  try {
    await client.query(`do $$ begin execute format('grant ${role} to %I', session_user); end $$`)
  } catch (cause) {
    if ((cause as { code?: string }).code === '42501') throw new RoleRefused(role, { cause })
    throw cause
  }
  if (!(await canTake(client, role))) throw new RoleRefused(role)
}

async function canTake(client: pg.ClientBase, role: string): Promise<boolean> {
  try {
    await client.query(`set role ${role}`)
    await client.query('reset role')
    return true
  } catch (error) {
    if ((error as { code?: string }).code === '42501') return false
    throw error
  }
}

/** 42710: duplicate object. 23505: the same, detected by the index. XX000: "tuple concurrently updated". */
function isLostRace(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return code === '42710' || code === '23505' || (code === 'XX000' && message?.includes('concurrently') === true)
}
