import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { connectToMigrate, ServerTooOld } from './connect-to-migrate.ts'
import { createPostgresStore } from './create-postgres-store.ts'
import { engineMigrations, MigrationRefused, migrate } from './migrate.ts'
import { ROLES } from './roles.ts'
import { until } from './test-database.ts'

let database: { readonly url: string; drop(): Promise<void> }
let directory: string
beforeEach(async () => {
  database = await createEmptyDatabase()
  directory = await mkdtemp(join(tmpdir(), 'orrery-migrate-'))
})
afterEach(async () => {
  await database.drop()
  await rm(directory, { recursive: true })
})

/** A database without our schemas. */
async function createEmptyDatabase(): Promise<typeof database> {
  const url = new URL(process.env.ORRERY_TEST_POSTGRES ?? '')
  const name = `orrery_empty_${process.pid}_${randomBytes(4).toString('hex')}`
  const asAdmin = async (text: string): Promise<void> => {
    const admin = new pg.Client({ connectionString: process.env.ORRERY_TEST_POSTGRES ?? '' })
    await admin.connect()
    await admin.query(text)
    await admin.end()
  }
  await asAdmin(`create database ${name} template template0`)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => asAdmin(`drop database ${name} with (force)`) }
}

const set = () => ({ name: 'test', directory })
const put = (name: string, text: string) => writeFile(join(directory, name), text)
const versions = async (url: string) => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ version: number }>(`select version from orrery.orrery_migration where set = 'test' order by 1`)
  await client.end()
  return rows.map((row) => row.version)
}

describe('migrating', () => {
  it('applies each file once and in order, even from several processes at once', async () => {
    await put('0001-first.sql', 'create schema test; create table test.a (n int)')
    await put('0002-second.sql', 'insert into test.a values (1)')
    const applied = await Promise.all([1, 2, 3].map(() => migrate(database.url, [set()])))
    expect(applied.flat().map((one) => one.version)).toEqual([1, 2])
    expect(await migrate(database.url, [set()])).toEqual([])
  })

  it('rejects a file changed or removed after it was applied, and one numbered before an applied file', async () => {
    await put('0001-first.sql', 'create schema test')
    await put('0003-third.sql', 'select 1')
    await migrate(database.url, [set()])
    await put('0002-second.sql', 'select 2')
    await expect(migrate(database.url, [set()])).rejects.toThrow('0002-second.sql comes before migration 3')
    await rm(join(directory, '0002-second.sql'))
    await put('0001-first.sql', 'create schema test2')
    await expect(migrate(database.url, [set()])).rejects.toThrow('0001-first.sql was applied and has been changed')
    await rm(join(directory, '0001-first.sql'))
    await expect(migrate(database.url, [set()])).rejects.toThrow(MigrationRefused)
  })

  it('leaves a database alone that is ahead of the files', async () => {
    await put('0001-first.sql', 'create schema test')
    await put('0002-second.sql', 'select 1')
    await migrate(database.url, [set()])
    await rm(join(directory, '0002-second.sql'))
    expect(await migrate(database.url, [set()])).toEqual([])
  })

  it('rolls back a failing file as a whole and reports the line', async () => {
    await put('0001-first.sql', 'create schema test')
    await put('0002-second.sql', 'create table test.a (n int);\nselect nonsense')
    await expect(migrate(database.url, [set()])).rejects.toThrow('0002-second.sql failed at line 2: column "nonsense" does not exist')
    expect(await versions(database.url)).toEqual([1])
    await put('0002-second.sql', 'create table test.a (n int)')
    expect(await migrate(database.url, [set()])).toHaveLength(1)
  })

  it('rejects when the server ends the connection, and does not end the process', async () => {
    await put('0001-slow.sql', 'select pg_sleep(60)')
    const migrating = migrate(database.url, [set()]).catch((error: Error) => error)
    const admin = new pg.Client({ connectionString: database.url })
    await admin.connect()
    await until(async () => {
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'orrery migrate' and wait_event = 'PgSleep'`,
      )
      return rowCount === 1
    })
    expect(await migrating).toMatchObject({ message: expect.stringContaining('terminating connection') })
    await admin.end()
  })

  it('rejects a server older than the migrations need', async () => {
    await expect(connectToMigrate(database.url, 99)).rejects.toThrow(/^The server is PostgreSQL \d+\.\d+; 99 or newer is needed$/)
    await expect(connectToMigrate(database.url, 99)).rejects.toThrow(ServerTooOld)
  })

  it('rejects a file whose name is not NNNN-title.sql', async () => {
    await put('1-first.sql', 'select 1')
    await expect(migrate(database.url, [set()])).rejects.toThrow('is not named NNNN-title.sql')
  })
})

describe("the engine's migrations", () => {
  it('migrates with a login that is not a superuser, owns the database and may create roles', async () => {
    const login = `orrery_login_${process.pid}`
    const admin = new pg.Client({ connectionString: database.url })
    await admin.connect()
    const name = new URL(database.url).pathname.slice(1)
    await admin.query(`create role ${login} login createrole password 'secret'`)
    try {
      await admin.query(`alter database ${name} owner to ${login}`)
      // If the roles already exist on this server, only a role with the admin option on them may grant them.
      await migrate(database.url, [set()])
      for (const role of ROLES) await admin.query(`grant ${role} to ${login}`)
      const url = new URL(database.url)
      url.username = login
      url.password = 'secret'
      expect((await migrate(url.href, [engineMigrations])).length).toBeGreaterThan(0)
      const store = createPostgresStore({ url: url.href })
      expect(await store.violations()).toEqual([])
      await store.maintain({ retentionDays: 30, now: new Date() })
      await store.close()
    } finally {
      await admin.query(`reassign owned by ${login} to current_user; drop owned by ${login} cascade; drop role ${login}`)
      await admin.end()
    }
  })

  it('migration files are part of the package and have the same checksums in every copy', async () => {
    await cp(engineMigrations.directory, directory, { recursive: true })
    await migrate(database.url, [engineMigrations])
    expect(await migrate(database.url, [{ name: 'engine', directory }])).toEqual([])
    expect(await readFile(join(directory, '0001-tables.sql'), 'utf8')).toContain('create schema engine')
  })
})

describe('the authority of runs', () => {
  const org = randomUUID()
  let client: pg.Client
  beforeEach(async () => {
    for (const name of await readdir(engineMigrations.directory))
      if (name < '0016') await cp(join(engineMigrations.directory, name), join(directory, name))
    await migrate(database.url, [{ ...engineMigrations, directory }])
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
  })
  afterEach(() => client.end())

  const newRun = () => `${randomUUID().slice(0, 14)}7${randomUUID().slice(15)}`

  /** As an older server does, which knows nothing of authority. */
  async function insert(workflow: string, input: string): Promise<string> {
    const run = newRun()
    await client.query(
      `insert into engine.run (org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, seed, keys, clock_at)
       values ($1, $2, $3, 'b', 'default', 1, $4, '{}', now(), $2::uuid::text, $2::uuid::text, now())`,
      [org, run, workflow, input],
    )
    return run
  }

  async function toBlob(input: string): Promise<string> {
    const hash = createHash('sha256').update(input).digest('hex')
    await client.query('insert into engine.blob (org_id, hash, body) values ($1, $2, $3)', [org, hash, input])
    return `{"$blob":"${hash}","bytes":${input.length}}`
  }

  const tools = { crm: { kind: 'pipeline', grants: ['crm:read', 'mail:send'] }, flow: { kind: 'workflow', grants: null } }
  const inputOf = (scopes: readonly string[], event: unknown = null) =>
    JSON.stringify({ definition: {}, event, scopes, calls: { pipelines: {}, tools } })
  const authorityOf = async (run: string) =>
    (await client.query('select authority from engine.run where run_id = $1', [run])).rows[0]?.authority as unknown
  const sorted = (authority: unknown) => {
    const { scopes, grants } = authority as { readonly scopes: string[]; readonly grants: object }
    return { scopes: scopes.toSorted(), grants }
  }

  it('is derived once from the inputs of runs of pipelines, also of those that an older server still starts', async () => {
    const plain = await insert('orrery.pipeline', inputOf(['mail:send', 'http:request']))
    const large = await insert('orrery.pipeline', await toBlob(inputOf(['model:use'], 'x'.repeat(70_000))))
    const odd = await insert('orrery.pipeline', inputOf(['a'], ['\u0000', '\\u0000', '\ud800', '"\\', '\ud83d\ude00']))
    const bare = await insert('orrery.pipeline', '{"definition":{}}')
    const own = await insert('billing', inputOf(['keys:write']))
    await migrate(database.url, [engineMigrations])
    expect(sorted(await authorityOf(plain))).toEqual({ scopes: ['crm:read', 'http:request', 'mail:send'], grants: {} })
    expect(sorted(await authorityOf(large))).toEqual({ scopes: ['crm:read', 'mail:send', 'model:use'], grants: {} })
    expect(sorted(await authorityOf(odd))).toEqual({ scopes: ['a', 'crm:read', 'mail:send'], grants: {} })
    expect(await authorityOf(bare)).toEqual({ scopes: [], grants: {} })
    expect(await authorityOf(own)).toBeNull()

    const later = await insert('orrery.pipeline', inputOf(['model:use']))
    const others = await insert('billing', inputOf(['keys:write']))
    expect(sorted(await authorityOf(later))).toEqual({ scopes: ['crm:read', 'mail:send', 'model:use'], grants: {} })
    expect(await authorityOf(others)).toBeNull()
  })
})
