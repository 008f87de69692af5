/** Databases for tests: each is a copy of one migrated template (about 60-100 ms) and belongs to the test that asked for it. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

const root = join(import.meta.dirname, '../..')

/** The same sets, in the same order, as a server migrates at its start. */
const migrationSets = [
  { name: 'engine', directory: join(root, 'packages/engine/migrations') },
  { name: 'core', directory: join(root, 'packages/core/migrations') },
]

/** Serialises the making of templates between vitest workers, and of global objects (roles) that migrations create. */
const templateLock = 0x0_77e_57
const templatePrefix = 'orrery_template_'

export interface TestDatabase {
  /** Connection URL with the rights of the test server's admin; set a role in `options` to be someone else. */
  readonly url: string
  drop(): Promise<void>
}

/** A fresh, migrated, empty database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const admin = adminUrl()
  return createFrom(admin, (client) => findOrMakeTemplate(client, admin))
}

/** A copy of a database that has no connections. */
export async function copyTestDatabase(url: string): Promise<TestDatabase> {
  const source = new URL(url).pathname.slice(1)
  return createFrom(adminUrl(), async () => source)
}

async function createFrom(admin: string, findSource: (client: pg.Client) => Promise<string>): Promise<TestDatabase> {
  const name = `orrery_test_${process.pid}_${randomBytes(5).toString('hex')}`
  await withClient(admin, async (client) => {
    await client.query(`create database ${name} template ${await findSource(client)} strategy wal_log`)
  })
  return {
    url: withDatabase(admin, name),
    drop: () => withClient(admin, async (client) => void (await client.query(`drop database if exists ${name} with (force)`))),
  }
}

/** Named after a hash of every migration, so a changed migration gets a new template and an old one is never taken for it. */
function templateName(): string {
  const hash = createHash('sha256')
  for (const { name, directory } of migrationSets) {
    for (const file of existsSync(directory) ? readdirSync(directory).sort() : []) {
      hash.update(`${name}/${file}\0`).update(readFileSync(join(directory, file)))
    }
  }
  return templatePrefix + hash.digest('hex').slice(0, 16)
}

async function findOrMakeTemplate(client: pg.Client, admin: string): Promise<string> {
  const template = templateName()
  await client.query('select pg_advisory_lock($1)', [templateLock])
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template])
    if (rowCount === 0) await makeTemplate(client, admin, template)
  } finally {
    await client.query('select pg_advisory_unlock($1)', [templateLock])
  }
  return template
}

/** Migrates under another name and renames at the end, so that a template which exists is a finished one. */
async function makeTemplate(client: pg.Client, admin: string, template: string): Promise<void> {
  const draft = `${template}_draft`
  await client.query(`drop database if exists ${draft} with (force)`)
  await client.query(`create database ${draft} template template0`)
  const { migrate } = await import('../../packages/engine/src/store/postgres/migrate.ts')
  await migrate(
    withDatabase(admin, draft),
    migrationSets.filter((set) => existsSync(set.directory)),
  )
  await client.query(`alter database ${draft} rename to ${template}`)
}

function adminUrl(): string {
  const url = process.env.ORRERY_TEST_POSTGRES
  if (!url) throw new Error('ORRERY_TEST_POSTGRES is not set: run the tests through vitest, whose global set-up provides a server')
  return url
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
