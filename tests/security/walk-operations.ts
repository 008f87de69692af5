/** Calls every operation as the twin of an organization, and does for the twin the work of the loops. */
import { listOperations } from '@orrery/contract'
import pg from 'pg'
import { toConsumed } from '../../packages/kernel/src/events/event-row.ts'
import type { ConsumedEvent } from '../../packages/kernel/src/index.ts'
import { signLogin } from '../support/log-in.ts'
import { until } from '../support/until.ts'
import { fingerprintQuery, readRelations, wholeRow } from './catalogue.ts'
import { type Ask, type GoodCall, goodCalls } from './good-calls.ts'
import type { Org } from './installation.ts'
import { openQuietCore, type QuietCore, type QuietCoreOptions } from './quiet-core.ts'

export interface Walked {
  /** In the order of the calls. Some operations are called more than once. */
  readonly answers: readonly { readonly name: string; readonly text: string }[]
  /** Calls and work that should have succeeded, and warnings in the log. */
  readonly failed: readonly string[]
  /** Answers and results of queries that contain data of `ours`. */
  readonly leaks: readonly string[]
  /** Calls during which a row of `ours` changed. */
  readonly changes: readonly string[]
  /** Work of loops that changed nothing of the twin. */
  readonly idle: readonly string[]
}

export interface Walk extends Required<Pick<QuietCoreOptions, 'secrets'>> {
  readonly url: string
  readonly adminKey: string
  readonly ours: Org
  readonly twin: Org
  /** Ids that `ours` has and the twin has not. */
  readonly ownIds: readonly string[]
}

export async function walkOperations(walk: Walk): Promise<Walked> {
  const superuser = new pg.Client({ connectionString: walk.url })
  await superuser.connect()
  const { calls, close } = goodCalls(walk.twin)
  const walker = new Walker(walk, superuser)
  const { core } = walker
  try {
    await walker.start()
    const [reads, writes] = [calls.filter(isRead), calls.filter((call) => !isRead(call))]
    for (const call of reads) await walker.call(call)
    await watchLoops(walker)
    for (const call of writes) await walker.call(call)
    // Some of what they read is deleted now.
    for (const call of reads) await walker.call(call, { mayFail: true })
  } finally {
    close()
    await core.close()
    await superuser.end()
  }
  return walker
}

const reads = new Set(listOperations().flatMap(({ name, effect }) => (effect === 'read' ? [name as string] : [])))
const isRead = ({ name }: GoodCall) => reads.has(name)

class Walker implements Walked {
  readonly answers: { readonly name: string; readonly text: string }[] = []
  readonly failed: string[] = []
  readonly leaks: string[] = []
  readonly changes: string[] = []
  readonly idle: string[] = []
  readonly walk: Walk
  readonly superuser: pg.Client
  readonly core: QuietCore
  private fingerprint = ''
  /** Results of queries since the last look. */
  private rows: string[] = []
  private readOurs = async () => ''
  private readTwin = async () => ''

  constructor(walk: Walk, superuser: pg.Client) {
    this.walk = walk
    this.superuser = superuser
    this.core = openQuietCore(walk.url, {
      ...walk,
      onLog: (line, level) => level === 'debug' || level === 'info' || this.failed.push(line),
      onRows: (rows) => void this.rows.push(JSON.stringify(rows)),
    })
  }

  async start(): Promise<void> {
    const text = fingerprintQuery(await readRelations(this.superuser), wholeRow)
    const reader = (org: Org) => async () => {
      const query = { name: 'fingerprint', text, values: [org.uuid] }
      return (await this.superuser.query<{ fingerprint: string }>(query)).rows[0]?.fingerprint ?? ''
    }
    this.readOurs = reader(this.walk.ours)
    this.readTwin = reader(this.walk.twin)
    this.fingerprint = await this.readOurs()
  }

  ask: Ask = async (name, input) => (await this.core.call(name, input, { credential: this.walk.twin.key })).output as never

  /** Writes are called once more with an idempotency key. That call may be refused: a run that has ended cannot be paused. */
  async call(call: GoodCall, { mayFail = false } = {}): Promise<void> {
    const input = await call.input(this.ask)
    const { refreshToken } = call.by === 'refresh token' ? await this.ask('tokens.issue', {}) : { refreshToken: '' }
    const { adminKey, secrets, twin } = this.walk
    const login = signLogin(secrets, twin.loginTokens[0] ?? '')
    const credential = { org: twin.key, installation: adminKey, 'refresh token': String(refreshToken), login }[call.by]
    const act = (how: object = {}) =>
      this.core.call(call.name, input, { credential, ...how }).then(
        ({ output }) => JSON.stringify(output),
        (error: unknown) => `refused: ${error}`,
      )
    const text = await act()
    if (!mayFail && text.startsWith('refused: ')) this.failed.push(`${call.name} ${text}`)
    this.answers.push({ name: call.name, text })
    // The key of the installation may see all organizations.
    if (call.by === 'installation' && isRead(call)) this.rows = []
    else await this.look(call.name, text)
    if (isRead(call)) return
    const again = await act({ idempotencyKey: call.name })
    this.answers.push({ name: `${call.name} with a key`, text: again })
    await this.look(`${call.name} with a key`, again)
  }

  async work(name: string, work: () => Promise<unknown>): Promise<void> {
    const before = await this.readTwin()
    await work().catch((error: unknown) => this.failed.push(`${name}: ${error}`))
    await this.look(name, '')
    if ((await this.readTwin()) === before) this.idle.push(name)
  }

  /** Collects a finding if the text or a result of a query contains our data, or if our rows have changed since the last look. */
  async look(name: string, text: string): Promise<void> {
    const { ours, ownIds } = this.walk
    const before = this.fingerprint
    this.fingerprint = await this.readOurs()
    const leaking = [text, ...this.rows].filter((seen) => [ours.canary, ours.uuid, ours.id, ...ownIds].some((own) => seen.includes(own)))
    this.leaks.push(...leaking.map((seen) => `${name}: ${seen.slice(0, 300)}`))
    this.rows = []
    const changed = this.fingerprint.split(' ').filter((part) => !before.includes(part))
    if (changed.length > 0) this.changes.push(`${name}: ${changed.join(', ')}`)
  }
}

/** The work of all features, three days from now. */
async function watchLoops(walker: Walker): Promise<void> {
  const { core, walk } = walker
  const { automation, office, uuid: org } = walk.twin
  const later = { now: () => Date.now() + 3 * DAY_MS }
  const day = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
  // The office is closed until then, so that its schedules are planned again.
  await walker.ask('calendars.put', { calendar: office, zone: 'UTC', layers: [{ kind: 'days', days: [{ date: day(0), to: day(9) }] }] })
  const events = await makeEvents(walker)
  const { signal } = new AbortController()
  const isDone = async (text: string) => (await walker.superuser.query(text, [org])).rowCount !== 0
  for (const { name, handle } of core.features.flatMap(({ consumers = [] }) => consumers))
    await walker.work(`events of ${name}`, () => handle(events, { signal }))
  for (const kind of core.features.flatMap(({ due = [] }) => due))
    await walker.work(kind.name, async () => {
      await kind.run({ org, clock: later })
      const done = BESIDE[kind.name]
      if (done !== undefined) await until(`${kind.name} is done`, () => isDone(done))
    })
  const { url } = await walker.ask('automations.rotateWebhook', { automation, trigger: 'webhook' })
  const delivery = { token: String(url).split('/').at(-1) ?? '', body: Buffer.from('{}'), header: (name: string) => HEADERS[name] ?? null }
  for (const time of ['first', 'second']) await walker.look(`the ${time} delivery`, JSON.stringify(await core.receiveWebhook(delivery)))
}

const DAY_MS = 86_400_000

/** Kinds whose work runs beside the clock: a query that returns a row when the work for an organization ($1) is done. */
const BESIDE: Readonly<Record<string, string>> = {
  poll: 'select from app.trigger where org_id = $1 and condition is not null',
  feed: `select from app.calendar_feed where org_id = $1 and due_at < now() + interval '2 days'`,
}

/** Ends of all runs that automations have started, an event that a trigger listens to, and a change of a calendar. */
async function makeEvents({ superuser, walk }: Walker): Promise<readonly ConsumedEvent[]> {
  const { office, uuid, canary } = walk.twin
  const { rows } = await superuser.query<{ run: string }>('select run_id as run from app.firing where org_id = $1 and going', [uuid])
  const ends = rows.map(({ run }) => ({ type: 'run.failed', subject: run, data: {}, run }))
  const cause = rows[0]?.run ?? null
  const others = [
    { type: 'shop.opened', subject: 'shop.opened', data: { word: canary }, run: cause },
    { type: 'calendar.updated', subject: office, data: {}, run: null },
  ]
  return [...ends, ...others].map(({ run, ...event }, at) => toConsumed({ ...event, tx: '1', id: String(at), at: new Date() }, uuid, run))
}

const HEADERS: Readonly<Record<string, string>> = { 'webhook-id': 'one', 'content-type': 'application/json' }
