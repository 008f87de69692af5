import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { connectToMigrate } from './connect-to-migrate.ts'
import { ensureRoles } from './roles.ts'

/** A folder of `NNNN-title.sql` files. Sets are applied in the given order. */
export interface MigrationSet {
  readonly name: string
  readonly directory: string
}

export interface AppliedMigration {
  readonly set: string
  readonly version: number
  readonly name: string
}

export const engineMigrations: MigrationSet = {
  name: 'engine',
  directory: fileURLToPath(new URL('../../../migrations', import.meta.url)),
}

/** A migration that cannot be applied. It has not changed the database. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused'
}

interface MigrationFile {
  readonly version: number
  readonly name: string
  readonly text: string
  readonly checksum: string
}

const bookkeeping = `
create schema if not exists orrery;
create table if not exists orrery.orrery_migration (
  set text not null, version integer not null, name text not null, checksum text not null,
  applied_at timestamptz not null default now(), primary key (set, version)
);`

/**
 * Brings a database up to these sets, forward only, and returns the migrations that it applied. The login must be superuser, or own the
 * database and have CREATEROLE (or already be a member of the roles). Safe to call from several processes at once. A database that is ahead
 * of the files is left alone, so an older server keeps working after a newer one has migrated.
 * @throws ServerTooOld; MigrationRefused if an applied file was changed or is missing, or if a new file's number is below an applied one's.
 */
export async function migrate(url: string, sets: readonly MigrationSet[]): Promise<readonly AppliedMigration[]> {
  const files = new Map<string, MigrationFile[]>()
  for (const set of sets) files.set(set.name, await readSet(set))
  const client = await connectToMigrate(url)
  try {
    await client.query(`select pg_advisory_lock(hashtext('orrery migration'))`)
    await ensureRoles(client)
    await inOwnerTransaction(client, bookkeeping)
    const applied: AppliedMigration[] = []
    for (const [set, found] of files) {
      for (const file of await pendingFiles(client, set, found)) {
        await apply(client, set, file)
        applied.push({ set, version: file.version, name: file.name })
      }
    }
    return applied
  } finally {
    await client.end()
  }
}

async function readSet(set: MigrationSet): Promise<MigrationFile[]> {
  const files: MigrationFile[] = []
  for (const entry of (await readdir(set.directory)).sort()) {
    if (!entry.endsWith('.sql')) continue
    const match = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(entry)
    if (!match) throw new MigrationRefused(`${set.name}: ${entry} is not named NNNN-title.sql`)
    const text = await readFile(join(set.directory, entry), 'utf8')
    const version = Number(match[1])
    if (files.at(-1)?.version === version) throw new MigrationRefused(`${set.name}: two files have the number ${match[1]}`)
    files.push({ version, name: entry, text, checksum: createHash('sha256').update(text).digest('hex') })
  }
  return files
}

async function pendingFiles(client: pg.Client, set: string, files: readonly MigrationFile[]): Promise<MigrationFile[]> {
  const { rows } = await client.query<{ version: number; name: string; checksum: string }>(
    'select version, name, checksum from orrery.orrery_migration where set = $1 order by version',
    [set],
  )
  const known = new Map(files.map((file) => [file.version, file]))
  const newest = files.at(-1)?.version ?? 0
  for (const row of rows) {
    const file = known.get(row.version)
    if (!file && row.version <= newest) throw new MigrationRefused(`${set}: ${row.name} was applied but its file is missing`)
    if (file && file.checksum !== row.checksum) throw new MigrationRefused(`${set}: ${row.name} was applied and has been changed since`)
  }
  const last = rows.at(-1)?.version ?? 0
  const done = new Set(rows.map((row) => row.version))
  const pending = files.filter((file) => !done.has(file.version))
  const late = pending.find((file) => file.version < last)
  if (late) throw new MigrationRefused(`${set}: ${late.name} comes before migration ${last}, which is applied already`)
  return pending
}

async function apply(client: pg.Client, set: string, file: MigrationFile): Promise<void> {
  try {
    await inOwnerTransaction(client, file.text, () =>
      client.query('insert into orrery.orrery_migration (set, version, name, checksum) values ($1, $2, $3, $4)', [
        set,
        file.version,
        file.name,
        file.checksum,
      ]),
    )
  } catch (cause) {
    const { message, position } = cause as { message: string; position?: string }
    const line = position ? ` at line ${file.text.slice(0, Number(position)).split('\n').length}` : ''
    throw new MigrationRefused(`${set}: ${file.name} failed${line}: ${message}`, { cause })
  }
}

async function inOwnerTransaction(client: pg.Client, text: string, then?: () => Promise<unknown>): Promise<void> {
  await client.query('begin')
  try {
    await client.query('set local role orrery_owner')
    await client.query(text)
    await then?.()
    await client.query('commit')
  } catch (error) {
    // A broken connection has already rolled back. The first error says more than the error of this rollback.
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}
