/** A core over a real database and a running engine, for tests of operations. */
import { fileURLToPath } from 'node:url'
import type { OperationName } from '@orrery/contract'
import { createEngine, joinSteps, type Notifier, type Worker } from '@orrery/engine'
import { type LoadedProject, loadProject } from '@orrery/engine/bundle'
import { createPostgresStore } from '@orrery/engine/postgres'
import pg from 'pg'
import { type Core, createCore } from '../../packages/core/src/create-core.ts'
import { bootstrapInstallation } from '../../packages/kernel/src/access/bootstrap-installation.ts'
import type { Rate } from '../../packages/kernel/src/access/rate-limiter.ts'
import { auditCompanion } from '../../packages/kernel/src/audit/audit-companion.ts'
import type { AnswerTo, InputFor } from '../../packages/kernel/src/context/implementation.ts'
import type { Answer, CoreEngine, Log, MailTransport } from '../../packages/kernel/src/context/kernel.ts'
import { createDatabase, type Database } from '../../packages/kernel/src/database/database.ts'
import { engineRules } from '../../packages/kernel/src/engine-rules.ts'
import { readOutsideAllow } from '../../packages/kernel/src/outside/outside-allow.ts'
import { makeSecretKey, readSecretKeys, type SecretKeys } from '../../packages/kernel/src/secrets/secret-keys.ts'
import {
  type AuditKeys,
  makeSigningKey,
  readAuditKeys,
  readTokenKeys,
  type TokenKeys,
} from '../../packages/kernel/src/secrets/signing-keys.ts'
import { createTestDatabase } from './database.ts'

export interface TestCore {
  readonly core: Core
  readonly database: Database
  readonly engine: CoreEngine
  readonly project: LoadedProject
  readonly keys: AuditKeys
  readonly notifier: Notifier
  readonly url: string
  /** UUID of the first organization. */
  readonly org: string
  /** A key with all permissions. */
  readonly adminKey: string
  /** Calls an operation with the admin key or another one. Returns the output. */
  call<N extends OperationName>(name: N, input: Partial<InputFor<N>>, options?: CallOptions): Promise<AnswerTo<N>>
  /** The same, but takes any input and returns the output with the status. */
  answer(name: string, input: unknown, options?: CallOptions): Promise<Answer>
  /** Creates an organization. Returns its key. */
  otherOrg(name: string): Promise<string>
  deploy(key?: string): Promise<void>
  /** Runs a query as the superuser of the database and returns the rows. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
  close(): Promise<void>
}

export interface CallOptions {
  readonly key?: string | null
  readonly idempotencyKey?: string
  readonly requestId?: string
  /** The organization that a member means: a UUID. */
  readonly orgId?: string
  /** The network address of the caller. */
  readonly address?: string
}

export interface TestCoreOptions {
  /** False: there is no worker, so no run makes progress. */
  readonly work?: boolean
  readonly rate?: Rate
  readonly log?: Log
  readonly secrets?: SecretKeys
  readonly tokens?: TokenKeys
  /** In the format of ORRERY_OUTSIDE_ALLOW. */
  readonly outsideAllow?: string
  readonly isMcpStdioAllowed?: boolean
  readonly mail?: MailTransport
  readonly publicUrl?: string
}

export async function startTestCore(options: TestCoreOptions = {}): Promise<TestCore> {
  const testDatabase = await createTestDatabase()
  const store = createPostgresStore({ url: testDatabase.url, poolMax: 3, companions: { [auditCompanion.table]: auditCompanion } })
  const engine = createEngine({ store, notifier: store.notifier, ...engineRules })
  const database = createDatabase({ url: testDatabase.url, poolMax: 5 })
  const keys = readAuditKeys(makeSigningKey())
  const secrets = options.secrets ?? readSecretKeys(makeSecretKey())
  const core = createCore({
    database,
    engine,
    notifier: store.notifier,
    log: options.log ?? silence,
    version: '0.0.0-test',
    audit: keys,
    secrets,
    tokens: options.tokens ?? readTokenKeys(makeSigningKey()),
    checkOutputs: true,
    outsideAllow: readOutsideAllow(options.outsideAllow ?? ''),
    isMcpStdioAllowed: options.isMcpStdioAllowed ?? false,
    ...(options.rate === undefined ? {} : { rate: options.rate }),
    ...(options.mail === undefined ? {} : { mail: options.mail }),
    publicUrl: () => options.publicUrl ?? '',
  })
  const { org, secret } = await bootstrapInstallation(database, secrets, Date.now())
  if (secret === null) throw new Error('The test database is not empty')
  const project = await loadProject(fileURLToPath(new URL('./project', import.meta.url)))
  const worker: Worker | null =
    options.work === false ? null : await engine.work({ steps: joinSteps(core.steps, project.steps), slots: 20 })

  const answer: TestCore['answer'] = (
    name,
    input,
    { key = secret, idempotencyKey = null, requestId = 'req-test', orgId, address }: Loose = {},
  ) =>
    core.kernel.call(
      name,
      {
        credential: key,
        idempotencyKey,
        requestId,
        traceId: null,
        face: 'test',
        ...(orgId === undefined ? {} : { org: orgId }),
        ...(address === undefined ? {} : { address }),
      },
      input,
    )
  return {
    core,
    database,
    engine,
    project,
    keys,
    notifier: store.notifier,
    url: testDatabase.url,
    org,
    adminKey: secret,
    answer,
    call: async (name, input, how) => (await answer(name, input, how)).output as never,
    async otherOrg(name) {
      const made = (await answer('orgs.create', { name })).output as AnswerTo<'orgs.create'>
      return made.secret ?? ''
    },
    async deploy(key = secret) {
      await answer('workflows.deploy', { ...project.bundle }, { key })
    },
    async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) {
      const superuser = new pg.Client({ connectionString: testDatabase.url })
      await superuser.connect()
      const { rows } = await superuser.query<Row>(text, [...values]).finally(() => superuser.end())
      return rows
    },
    async close() {
      await core.stop()
      await worker?.stop({ graceMs: 1000 })
      await engine.close()
      await database.close()
      await testDatabase.drop()
    },
  }
}

interface Loose {
  readonly key?: string | null
  readonly idempotencyKey?: string | null
  readonly requestId?: string
  readonly orgId?: string
  readonly address?: string
}

const silence: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silence }
