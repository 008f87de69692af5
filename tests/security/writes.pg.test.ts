/**
 * Calls every write of the registry on a database in which nothing else happens. A write that succeeds leaves its audit entry and its events in one
 * transaction. A write that is refused, or whose transaction cannot commit, leaves nothing.
 */
import { isDeepStrictEqual } from 'node:util'
import { encodeId, isScope, listOperations, type Operation, type OperationName, PERMISSION_SETS, ProblemError } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, makeSecretKey, readSecretKeys } from '../../packages/kernel/src/index.ts'
import { signLogin } from '../support/log-in.ts'
import { findTexts, type Relation, readRelations, watchChanges } from './catalogue.ts'
import { type Ask, type GoodCall, goodCalls, OF_PERSONS } from './good-calls.ts'
import { type Installation, type Org, startInstallation } from './installation.ts'
import { openQuietCore, type QuietCore } from './quiet-core.ts'

/** Writes that do not leave exactly one audit entry. Each line has been reviewed. */
const ENTRIES: Readonly<Partial<Record<OperationName, number>>> = {
  // One entry for each run; the call starts two.
  'runs.startMany': 2,
}

/**
 * Writes that call outside systems, and keep no transaction open while they wait. They commit their changes before their audit entry, so the changes
 * stay if the entry cannot be written. Their idempotency key then stays taken. Each line has been reviewed.
 */
const COMMITTED_BEFORE: Readonly<Partial<Record<OperationName, readonly string[]>>> = {
  'tools.call': ['app.tool_call'],
  'tools.discover': ['app.tool', 'app.tool_version', 'engine.event'],
  'tools.import': ['app.tool', 'app.tool_version', 'engine.event'],
}

/** Refusals that change something and audit it: a refresh token that is used twice ends its family of tokens. */
const CHANGING_REFUSALS: Readonly<Partial<Record<OperationName, readonly string[]>>> = {
  'tokens.refresh': ['app.audit_entry', 'app.token_family'],
}

/** The effects of one call. */
interface Trace {
  readonly output: Readonly<Record<string, unknown>>
  /** The code of the problem; null if the call succeeded. */
  readonly problem: string | null
  readonly changed: readonly string[]
  readonly entries: readonly Entry[]
  /** Transactions that wrote an event. */
  readonly events: readonly string[]
}

interface Entry {
  readonly org_id: string
  readonly action: string
  readonly request_id: string
  readonly tx: string
  readonly actor: string
  readonly subject: string
  readonly detail: object | null
}

interface Walked {
  readonly operation: Operation
  readonly input: object
  readonly requestId: string
  readonly traces: Readonly<Record<Way, Trace>>
}

type Way =
  | 'without the scope'
  | 'with a field that there is not'
  | 'with the idempotency key of another request'
  | 'with a commit that fails'
  | 'with an idempotency key and a commit that fails'
  | 'well'
  | 'again'
  | 'again with the same idempotency key'

const TAKEN = 'taken'
const operations = new Map(listOperations().map((operation) => [operation.name as string, operation]))

const secrets = readSecretKeys(makeSecretKey())
let installation: Installation
let ours: Org
let core: QuietCore
let superuser: pg.Client
let relations: readonly Relation[]
let findChanges: () => Promise<string[]>
let log = ''
/** The organization to which the key of the installation belongs. */
let first: string
const writes: Walked[] = []
const reads: { readonly name: string; readonly trace: Trace }[] = []

beforeAll(async () => {
  installation = await startInstallation()
  await installation.stop()
  ours = installation.ours
  core = openQuietCore(installation.databaseUrl, { secrets, onLog: (line) => void (log += line) })
  superuser = new pg.Client({ connectionString: installation.databaseUrl })
  await superuser.connect()
  relations = await readRelations(superuser)
  findChanges = watchChanges(superuser, relations)
  first = (await superuser.query<{ org_id: string }>(`select org_id from app.org where name = 'default'`)).rows[0]?.org_id ?? ''
  // Deferred: the call has done all its work when the commit fails.
  await superuser.query(`
    create function app.fail_commit() returns trigger language plpgsql as $$ begin raise exception 'this commit fails'; end $$;
    create constraint trigger fail_commit after insert on app.audit_entry deferrable initially deferred
      for each row execute function app.fail_commit();
    alter table app.audit_entry disable trigger fail_commit`)
  for (const credential of [ours.key, installation.adminKey])
    await core.call('queues.pause', { queue: 'of-another-request' }, { credential, idempotencyKey: TAKEN })
  const { calls, close } = goodCalls(ours)
  for (const call of calls) await walk(call)
  close()
}, 300_000)

afterAll(async () => {
  await core?.close()
  await superuser?.end()
  await installation?.close()
})

const ask: Ask = async (name, input) => (await core.call(name, input, { credential: ours.key })).output as never

async function walk(call: GoodCall): Promise<void> {
  const operation = operations.get(call.name)
  if (operation === undefined) throw new Error(`There is no operation ${call.name}`)
  const input = await call.input(ask)
  const credential = await credentialFor(call)
  const requestId = `write-${call.name}`
  const narrow = await narrowKey(operation)
  await findChanges()
  const act = (given: object = input, how: { readonly credential?: string; readonly idempotencyKey?: string } = {}) =>
    trace(() => core.call(call.name, given, { credential, requestId, ...how }))
  if (operation.effect === 'read') {
    reads.push({ name: call.name, trace: await act() })
    return
  }
  const failing = async (how = {}) => {
    await superuser.query('alter table app.audit_entry enable trigger fail_commit')
    const failed = await act(input, how)
    await superuser.query('alter table app.audit_entry disable trigger fail_commit')
    return failed
  }
  const traces: Record<Way, Trace> = {
    'without the scope': await act(input, { credential: narrow }),
    'with a field that there is not': await act({ ...input, 'no such field': 1 }),
    'with the idempotency key of another request': await act(input, { idempotencyKey: TAKEN }),
    'with a commit that fails': await failing(),
    'with an idempotency key and a commit that fails': await failing({ idempotencyKey: `failing-${call.name}` }),
    well: await act(),
    again: await act(input, { idempotencyKey: `again-${call.name}` }),
    'again with the same idempotency key': await act(input, { idempotencyKey: `again-${call.name}` }),
  }
  writes.push({ operation, input, requestId, traces })
}

async function credentialFor({ by }: GoodCall): Promise<string> {
  if (by === 'refresh token') return String((await ask('tokens.issue', {})).refreshToken)
  if (by === 'login') return signLogin(secrets, ours.loginTokens[0] ?? '')
  return by === 'installation' ? installation.adminKey : ours.key
}

/** A key with all scopes but the one that the operation needs. */
async function narrowKey({ permission }: Operation): Promise<string> {
  if (!isScope(permission)) return 'no key at all'
  const scopes = PERMISSION_SETS.admin.filter((scope) => scope !== permission)
  return String((await ask('keys.create', { name: `all but ${permission}`, scopes })).secret)
}

/** Calls, and collects the changes since the previous trace. */
async function trace(act: () => Promise<Answer>): Promise<Trace> {
  const lastEvent = async () =>
    (await superuser.query<{ id: string }>('select coalesce(max(id), 0)::text as id from engine.event')).rows[0]?.id
  const [event, entriesBefore] = [await lastEvent(), await countEntries()]
  const { output, problem } = await act().then(
    (answer) => ({ output: answer.output as Trace['output'], problem: null }),
    (error: unknown) => {
      if (!(error instanceof ProblemError)) throw error
      return { output: {}, problem: error.code }
    },
  )
  const entries = await superuser.query<Trace['entries'][number]>(
    'select org_id, action, request_id, tx::text, actor, subject, detail from app.audit_entry e order by e.tx, e.id offset $1',
    [entriesBefore],
  )
  const events = await superuser.query<{ tx: string }>('select tx::text from engine.event where id > $1', [event])
  return { output, problem, changed: await findChanges(), entries: entries.rows, events: events.rows.map(({ tx }) => tx) }
}

async function countEntries(): Promise<number> {
  const { rows } = await superuser.query<{ count: number }>('select count(*)::int as count from app.audit_entry')
  return rows[0]?.count ?? 0
}

/** Findings by operation, without the operations that have none. */
function judge(find: (walked: Walked) => readonly unknown[]): Record<string, readonly unknown[]> {
  return Object.fromEntries(writes.map((walked) => [walked.operation.name, find(walked)] as const).filter(([, found]) => found.length > 0))
}

const callerOrg = ({ operation }: Walked) => (operation.permission === 'orgs:admin' ? first : ours.uuid)

test('every operation was called, and every good call succeeds', () => {
  expect(writes.length + reads.length).toBe(operations.size - OF_PERSONS.length)
  expect(judge(({ traces }) => [traces.well.problem].filter((problem) => problem !== null))).toEqual({})
  expect(reads.filter(({ trace: { problem } }) => problem !== null)).toEqual([])
})

test('a read changes nothing and leaves no audit entry', () => {
  expect(reads.filter(({ trace: { changed } }) => changed.length > 0)).toEqual([])
})

const successes = ({ traces }: Walked) => [traces.well, traces.again].filter(({ problem }) => problem === null)

test('a write that succeeds leaves its audit entry, once, under its action and its request', () => {
  const wrong = judge((walked) => {
    const { operation, requestId } = walked
    const expected = { org_id: callerOrg(walked), action: operation.audit, request_id: requestId }
    const count = ENTRIES[operation.name as OperationName] ?? 1
    return successes(walked)
      .map(({ entries }) => entries.map(({ org_id, action, request_id }) => ({ org_id, action, request_id })))
      .filter((entries) => !isDeepStrictEqual(entries, Array(count).fill(expected)))
  })
  expect(wrong).toEqual({})
})

test('the audit entry of each write is about what the reviewed table says', async () => {
  const { items } = await ask('connections.list', {})
  const offering = (items as { readonly id: string; readonly name: string }[]).find(({ name }) => name === 'offering')
  const stored = { automation: ours.automationId, connection: offering?.id }
  const lines = writes.map((walked) => {
    const { entries, output } = walked.traces.well
    const places = { input: walked.input, output, stored, caller: entries[0]?.actor, organization: encodeId('org', callerOrg(walked)) }
    const about = entries.map(({ subject, detail }) => {
      const members = Object.keys(detail ?? {})
        .sort()
        .join(', ')
      return `${findPlace(places, subject) ?? '?'}${members === '' ? '' : ` with ${members}`}`
    })
    return `${walked.operation.name} | ${about.sort().join(' | ')}`
  })
  const advice = 'If you meant the change, run this file with -u, read each changed line of the table, and commit it with the change'
  await expect(`${lines.sort().join('\n')}\n`, advice).toMatchFileSnapshot('audit.golden.txt')
})

/** The path of the first member with this value. */
function findPlace(value: unknown, wanted: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  for (const [name, member] of Object.entries(value)) {
    const deeper = member === wanted ? '' : findPlace(member, wanted)
    if (deeper !== null) return deeper === '' ? name : `${name}.${deeper}`
  }
  return null
}

test('a write stores its events and its audit entry in one transaction', () => {
  const apart = judge((walked) => {
    if (COMMITTED_BEFORE[walked.operation.name as OperationName] !== undefined) return []
    return successes(walked).flatMap(({ entries, events }) => events.filter((tx) => entries.every((entry) => entry.tx !== tx)))
  })
  expect(apart).toEqual({})
  expect(writes.filter(({ traces }) => traces.well.events.length > 0).length).toBeGreaterThanOrEqual(25)
})

const refusals: [Way, readonly string[]][] = [
  ['without the scope', ['forbidden', 'unauthenticated']],
  ['with a field that there is not', ['invalid_input']],
  ['with the idempotency key of another request', ['idempotency.key_reused']],
]

test.for(refusals)('a refused write leaves nothing: %s', ([way, codes]) => {
  expect(judge(({ traces }) => (codes.includes(traces[way].problem ?? '') ? [] : [`answered ${traces[way].problem}`]))).toEqual({})
  expect(judge(({ traces }) => traces[way].changed)).toEqual({})
})

test('a write that conflicts with stored data or has a stored answer leaves nothing', () => {
  const refused = writes.filter(({ traces }) => traces.again.problem !== null)
  const changes = judge(({ operation, traces }) => {
    const later = [...(traces.again.problem === null ? [] : [traces.again]), traces['again with the same idempotency key']]
    return excess(
      later.flatMap(({ changed }) => changed),
      CHANGING_REFUSALS[operation.name as OperationName],
    )
  })
  expect(changes).toEqual({})
  expect(refused.length).toBeGreaterThanOrEqual(10)
  expect(writes.length - refused.length).toBeGreaterThanOrEqual(20)
})

test.for(['with a commit that fails', 'with an idempotency key and a commit that fails'] as const)('a write %s leaves nothing', (way) => {
  expect(judge(({ traces }) => (traces[way].problem === 'internal' ? [] : [`answered ${traces[way].problem}`]))).toEqual({})
  const changes = judge(({ operation, traces }) => {
    const before = COMMITTED_BEFORE[operation.name as OperationName]
    const claims = before === undefined || way === 'with a commit that fails' ? [] : ['app.idempotency_claim']
    return excess(traces[way].changed, [...(before ?? []), ...claims])
  })
  expect(changes).toEqual({})
})

test('no table and no log line holds a secret that an answer shows once', async () => {
  const showing = writes.filter(({ operation }) => operation.secrets !== undefined)
  const shown = showing.flatMap(({ operation, traces }) =>
    [traces.well, traces.again].flatMap(({ output }) => (operation.secrets ?? []).map((field) => output[field])),
  )
  // The secret of an address is its last part.
  const secrets = shown
    .filter((value) => typeof value === 'string')
    .map((value) => (/^(https?:\/)?\//.test(value) ? (value.split('/').at(-1) ?? '') : value))
  expect(Math.min(...secrets.map(({ length }) => length))).toBeGreaterThanOrEqual(24)
  expect(secrets.length).toBeGreaterThanOrEqual(2 * showing.length)
  expect(await findTexts(superuser, relations, secrets)).toEqual([])
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([])
  // The search finds a text that is stored.
  expect(await findTexts(superuser, relations, [ours.canary])).toContain('engine.run.input')
})

const excess = (changed: readonly string[], allowed: readonly string[] = []) => changed.filter((table) => !allowed.includes(table))
