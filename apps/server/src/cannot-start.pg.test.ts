/**
 * Goal: a start that fails for a removable reason logs one sentence that names the setting and what to change, and exits with 1.
 * Uses the server as a process, with databases, folders and key files that it cannot use.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { killPrograms, type Program, runProgram } from './testing/run-program.fixture.ts'

const plainLogin = `orrery_plain_${process.pid}`
let database: TestDatabase
let restored: TestDatabase
let base: string
/** A server with an embedded PostgreSQL, which requires passwords. */
let running: Program
let port: string

beforeAll(async () => {
  database = await createTestDatabase()
  restored = await createTestDatabase()
  await query(
    restored.url,
    `insert into engine.event (org_id, tx, type, subject, data, at)
     values (gen_random_uuid(), (pg_current_xact_id()::text::bigint + 1000000)::text::xid8, 'run.started', 'x', 'null', now())`,
  )
  await query(process.env.ORRERY_TEST_POSTGRES ?? '', `create role ${plainLogin} login password 'secret'`)
  base = mkdtempSync(join(tmpdir(), 'orrery-cannot-'))
  running = runProgram([], { ORRERY_DATA: join(base, 'taken') })
  port = new URL(await running.ready()).port
})
afterAll(async () => {
  running?.child.kill('SIGTERM')
  await running?.ended
  killPrograms()
  await database?.drop()
  await restored?.drop()
  await query(process.env.ORRERY_TEST_POSTGRES ?? '', `drop role if exists ${plainLogin}`)
  rmSync(base, { recursive: true, force: true, maxRetries: 5 })
})

type Env = Readonly<Record<string, string>>
/** Each case runs with a database that works, unless it names another. */
const cases: [string, () => { env?: Env; args?: readonly string[] }, RegExp][] = [
  [
    'a port in use',
    () => ({ env: { PORT: port } }),
    /^Port \d+ of 127\.0\.0\.1 is in use by another program: stop it, or set PORT \(--port\) to another port; 0 picks a free one\.$/,
  ],
  [
    'an address of another machine',
    () => ({ args: ['--host', '203.0.113.7'] }),
    /^203\.0\.113\.7 is not an address of this machine: correct ORRERY_HOST \(--host\)\.$/,
  ],
  [
    'a data folder that another server uses',
    () => ({ env: { ORRERY_DATA: join(base, 'taken'), DATABASE_URL: '' } }),
    /^Another Orrery is running on the data folder \S+taken\/postgres \(process \d+, since [^)]+\)\. Stop it first, or choose another folder with ORRERY_DATA \(--data\)\.$/,
  ],
  [
    'a data folder that is a file',
    () => {
      writeFileSync(join(base, 'file'), '')
      return { env: { ORRERY_DATA: join(base, 'file'), DATABASE_URL: '' } }
    },
    /^The data folder \S+file cannot be used \(ENOTDIR[^)]*\): set ORRERY_DATA \(--data\) to a folder that this user can write to\.$/,
  ],
  [
    'a database address where nothing listens',
    () => ({ env: { DATABASE_URL: 'postgres://me:hunter2hunter2@127.0.0.1:1/x' } }),
    /^Nothing listens at 127\.0\.0\.1:1: start PostgreSQL there, or correct DATABASE_URL\.$/,
  ],
  [
    'a database host that does not exist',
    () => ({ env: { DATABASE_URL: 'postgres://me:hunter2hunter2@nowhere.invalid/x' } }),
    /^The host nowhere\.invalid cannot be resolved: correct DATABASE_URL\.$/,
  ],
  [
    'a wrong password',
    () => ({ env: { DATABASE_URL: atOwnServer('orrery:hunter2hunter2', 'orrery') } }),
    /^The server at \S+ rejected the password of "orrery": correct it in DATABASE_URL\.$/,
  ],
  [
    'a missing password',
    () => ({ env: { DATABASE_URL: atOwnServer('orrery', 'orrery') } }),
    /^The server at \S+ requires a password for "orrery": add it to DATABASE_URL\.$/,
  ],
  [
    'a database that does not exist',
    () => ({ env: { DATABASE_URL: withDatabase(database.url, 'orrery_nowhere') } }),
    /^There is no database "orrery_nowhere" at \S+: create it, or correct DATABASE_URL\.$/,
  ],
  [
    'a login without privileges',
    () => ({ env: { DATABASE_URL: withLogin(database.url, plainLogin) } }),
    /^The login may not take the role orrery_owner: have a superuser run `grant orrery_owner to "\w+"`, or correct DATABASE_URL\.$/,
  ],
  [
    'required TLS that the server does not support',
    () => ({ env: { DATABASE_URL: `${database.url}?sslmode=verify-full` } }),
    /^There is no TLS connection to \S+ \(The server does not support SSL connections\): correct sslmode in DATABASE_URL, or the server's certificate\.$/,
  ],
  [
    'a database restored into a cluster with lower transaction ids',
    () => ({ env: { DATABASE_URL: restored.url } }),
    /^The cluster at \S+ is \d+ transactions behind the events of the restored database "\w+": use up that many transaction ids before the start, as described under "Restore" in the guide "Operate a server"\.$/,
  ],
  [
    'a project folder that does not exist',
    () => ({ args: ['--project', join(base, 'no-project')] }),
    /^There is no folder \S+no-project: correct ORRERY_PROJECT \(--project\)\.$/,
  ],
  [
    'a project that does not build',
    () => {
      mkdirSync(join(base, 'broken/workflows'), { recursive: true })
      writeFileSync(join(base, 'broken/workflows/a.ts'), 'const')
      return { args: ['--project', join(base, 'broken')] }
    },
    /^The project \S+broken \(ORRERY_PROJECT, --project\) does not build\.$/,
  ],
  [
    'an audit key file without a key',
    () => {
      writeFileSync(join(base, 'key.pem'), 'nonsense')
      return { env: { ORRERY_AUDIT_KEY_FILE: join(base, 'key.pem') } }
    },
    /^\S+key\.pem does not contain an Ed25519 private key in PEM format: correct ORRERY_AUDIT_KEY_FILE, or delete the file to get a new key\.$/,
  ],
  [
    'a token key file without a key',
    () => {
      writeFileSync(join(base, 'token.pem'), 'nonsense')
      return { env: { ORRERY_TOKEN_KEY_FILE: join(base, 'token.pem') } }
    },
    /^\S+token\.pem does not contain an Ed25519 private key in PEM format: correct ORRERY_TOKEN_KEY_FILE, or delete the file to get a new key\.$/,
  ],
  [
    'a secret key file that cannot be parsed',
    () => {
      writeFileSync(join(base, 'keys.txt'), 'nonsense')
      return { env: { ORRERY_SECRET_KEY_FILE: join(base, 'keys.txt') } }
    },
    /^The file of secret keys cannot be used: line 1 is not "orrery-secret-key v1 <id> <key>" \(\S+keys\.txt\): correct the file or ORRERY_SECRET_KEY_FILE\.$/,
  ],
]

test.for(cases)('explains %s in one sentence and exits with 1', async ([, given, sentence]) => {
  const { env = {}, args = [] } = given()
  const program = runProgram(args, { DATABASE_URL: database.url, ORRERY_DATA: join(base, 'data'), ...env })
  expect(await program.ended).toBe(1)
  const lines = program.err().trimEnd().split('\n')
  const last = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>
  const { error, ...said } = last as { error?: object }
  expect(said).toEqual({ level: 'fatal', time: expect.any(String), msg: expect.stringMatching(sentence) })
  if (error) expect(error).toEqual({ message: expect.stringMatching(/^workflows\/a\.ts:1:\d+: /) })
  expect(program.err()).not.toMatch(/hunter2|node:|\bat .*\.ts/)
  expect(program.out()).toBe('')
})

test('prints only the sentence on a terminal', async () => {
  const program = runProgram([], {
    DATABASE_URL: 'postgres://me@127.0.0.1:1/x',
    ORRERY_LOG_FORMAT: 'pretty',
    ORRERY_DATA: join(base, 'data'),
  })
  expect(await program.ended).toBe(1)
  expect(program.err()).toMatch(/^\d\d:\d\d:\d\d \S+fatal\S+ Nothing listens at .*DATABASE_URL\. ?\n$/)
})

function atOwnServer(login: string, name: string): string {
  return `postgres://${login}@${encodeURIComponent(join(base, 'taken/postgres/cluster/data'))}:5432/${name}`
}

function withLogin(url: string, login: string): string {
  const changed = new URL(url)
  changed.username = login
  changed.password = 'secret'
  return changed.href
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(text)
  await client.end()
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
