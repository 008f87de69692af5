/** Calls every operation as the twin of an organization, and does for the twin the work of the loops. */
import { listOperations } from '@orrery/contract'
import pg from 'pg'
import type { FiringScene } from '../../packages/core/src/automations/firing/firing-scene.ts'
import { inScene } from '../../packages/core/src/automations/scheduling/fire-due.ts'
import { fireSchedules } from '../../packages/core/src/automations/scheduling/fire-schedules.ts'
import { fireBackfill } from '../../packages/core/src/automations/scheduling/fire-waiting.ts'
import { settleRuns } from '../../packages/core/src/automations/settle-runs.ts'
import { fireOnce } from '../../packages/core/src/automations/triggers/fire-once.ts'
import { selectListeners } from '../../packages/core/src/automations/triggers/listen-to-topics.ts'
import { fingerprintQuery, readRelations } from './catalogue.ts'
import { type Ask, type GoodCall, goodCalls } from './good-calls.ts'
import type { Org } from './installation.ts'
import { openQuietCore, type QuietCore, type QuietCoreOptions } from './quiet-core.ts'

export interface Walked {
  /** In the order of the calls. Some operations are called more than once. */
  readonly answers: readonly { readonly name: string; readonly text: string }[]
  /** Calls that should have succeeded. */
  readonly failed: readonly string[]
  /** Answers that contain data of `ours`. */
  readonly leaks: readonly string[]
  /** Calls during which a row of `ours` changed. */
  readonly changes: readonly string[]
  /** Loops that changed nothing of the twin. */
  readonly idle: readonly string[]
}

export interface Walk extends Pick<QuietCoreOptions, 'secrets'> {
  readonly url: string
  readonly adminKey: string
  readonly ours: Org
  readonly twin: Org
}

export async function walkOperations(walk: Walk): Promise<Walked> {
  const superuser = new pg.Client({ connectionString: walk.url })
  await superuser.connect()
  const core = openQuietCore(walk.url, walk)
  const { calls, close } = goodCalls(walk.twin)
  const walker = new Walker(walk, superuser, core)
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
  private readOurs = async () => ''
  private readTwin = async () => ''

  constructor(walk: Walk, superuser: pg.Client, core: QuietCore) {
    this.walk = walk
    this.superuser = superuser
    this.core = core
  }

  async start(): Promise<void> {
    const text = fingerprintQuery(await readRelations(this.superuser))
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
    const { refreshToken } = call.by === 'login' ? await this.ask('tokens.issue', {}) : { refreshToken: '' }
    const credential = { org: this.walk.twin.key, installation: this.walk.adminKey, login: String(refreshToken) }[call.by]
    const act = (how: object = {}) =>
      this.core.call(call.name, input, { credential, ...how }).then(
        ({ output }) => JSON.stringify(output),
        (error: unknown) => `refused: ${error}`,
      )
    const text = await act()
    if (!mayFail && text.startsWith('refused: ')) this.failed.push(`${call.name} ${text}`)
    this.answers.push({ name: call.name, text })
    // The key of the installation may see all organizations.
    await this.look(call.name, call.by === 'installation' && isRead(call) ? '' : text)
    if (isRead(call)) return
    const again = await act({ idempotencyKey: call.name })
    this.answers.push({ name: `${call.name} with a key`, text: again })
    await this.look(`${call.name} with a key`, again)
  }

  async work(name: string, work: (scene: FiringScene) => Promise<unknown>): Promise<void> {
    const before = await this.readTwin()
    const later = () => Date.now() + 3 * 86_400_000
    await this.look(name, JSON.stringify((await inScene(this.core.host, this.walk.twin.uuid, later, work)) ?? null))
    if ((await this.readTwin()) === before) this.idle.push(name)
  }

  /** Collects a finding if the text contains our data, or if our rows have changed since the last look. */
  async look(name: string, text: string): Promise<void> {
    const { canary, id, uuid } = this.walk.ours
    const before = this.fingerprint
    this.fingerprint = await this.readOurs()
    if ([canary, uuid, id].some((own) => text.includes(own))) this.leaks.push(`${name}: ${text.slice(0, 300)}`)
    const changed = this.fingerprint.split(' ').filter((part) => !before.includes(part))
    if (changed.length > 0) this.changes.push(`${name}: ${changed.join(', ')}`)
  }
}

/** The work of the scheduler and of the triggers, three days from now. */
async function watchLoops(walker: Walker): Promise<void> {
  const { core, superuser } = walker
  const { automation, uuid, word } = walker.walk.twin
  const find = async (text: string) => (await superuser.query<{ id: string }>(text, [uuid])).rows.map(({ id }) => id)
  const going = await find('select run_id as id from app.firing where org_id = $1 and going')
  const [trigger = ''] = await find(`select trigger_id as id from app.trigger where org_id = $1 and type = 'event'`)
  const ended = going.map((run) => ({ run, status: 'failed' as const }))
  const occasion = { triggerId: trigger, cause: { kind: 'event', eventId: '1-1', atMs: Date.now() }, event: { word } } as const
  await walker.work('fireSchedules', (scene) => fireSchedules(scene, 100, null))
  await walker.work('fireBackfill', fireBackfill)
  await walker.work('fireOnce', (scene) => fireOnce(scene, occasion, going[0] ?? null))
  await walker.work('settleRuns', (scene) => settleRuns(scene, ended))
  const listeners = await core.host.database.transaction(uuid, 'read only', (tx) => selectListeners(tx, uuid, ['shop.opened']))
  if (listeners.length !== 1) walker.idle.push('selectListeners')
  await walker.look('selectListeners', JSON.stringify(listeners))
  const { url } = await walker.ask('automations.rotateWebhook', { automation, trigger: 'webhook' })
  const delivery = { token: String(url).split('/').at(-1) ?? '', body: Buffer.from('{}'), header: (name: string) => HEADERS[name] ?? null }
  for (const time of ['first', 'second']) await walker.look(`the ${time} delivery`, JSON.stringify(await core.receiveWebhook(delivery)))
}

const HEADERS: Readonly<Record<string, string>> = { 'webhook-id': 'one', 'content-type': 'application/json' }
