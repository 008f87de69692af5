/** Databases for tests. Each is a copy of a migrated template, which takes about 60 to 100 ms, and belongs to the test that created it. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

const root = join(import.meta.dirname, '../..')

/** The sets of migrations, in the order in which a server applies them when it starts. */
const migrationSets = [
  { name: 'engine', directory: join(root, 'packages/engine/migrations') },
  { name: 'core', directory: join(root, 'packages/core/migrations') },
]

/** Lets one vitest worker at a time create a template. Migrations also create roles, which all databases of the server share. */
const templateLock = 0x0_77e_57
const templatePrefix = 'orrery_template_'

export interface TestDatabase {
  /** Connection URL of the test server's admin. Set a role in `options` to connect with other rights. */
  readonly url: string
  drop(): Promise<void>
}

/** Creates a migrated database without rows. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const admin = adminUrl()
  return createFrom(admin, (client) => findOrCreateTemplate(client, admin))
}

/** Copies a database. It must have no open connections. */
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

/** The name contains a hash of all migrations, so a changed migration gets a new template. */
function templateName(): string {
  const hash = createHash('sha256')
  for (const { name, directory } of migrationSets) {
    for (const file of existsSync(directory) ? readdirSync(directory).sort() : []) {
      hash.update(`${name}/${file}\0`).update(readFileSync(join(directory, file)))
    }
  }
  return templatePrefix + hash.digest('hex').slice(0, 16)
}

async function findOrCreateTemplate(client: pg.Client, admin: string): Promise<string> {
  const template = templateName()
  await client.query('select pg_advisory_lock($1)', [templateLock])
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template])
    if (rowCount === 0) await createTemplate(client, admin, template)
  } finally {
    await client.query('select pg_advisory_unlock($1)', [templateLock])
  }
  return template
}

/** Migrates under a temporary name and renames the database at the end, so that an existing template is always complete. */
async function createTemplate(client: pg.Client, admin: string, template: string): Promise<void> {
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
