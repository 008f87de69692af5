import { setTimeout as delay } from 'node:timers/promises'
import { createEngine, type Engine, uuid7 } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import { SIGNALS, WORKFLOWS, type WorkflowName } from './fixtures/model.ts'
import type { Fleet, Member } from './fleet.ts'
import { type ChaosDatabase, ORG } from './postgres.ts'
import type { FromProcess, StartOrder } from './process-messages.ts'
import { pick } from './random.ts'

/** Runs in progress at once: enough that every fault hits many. */
const windowMax = 160
const lookEveryMs = 120
const signalRetryMs = 100
const takenForPoison = /^\d+ workers were lost while they had this run/

export interface Load {
  /** Acknowledged starts, by run. */
  readonly acknowledged: ReadonlyMap<string, WorkflowName>
  readonly ended: number
  /** Runs that were blocked as they should never be, with their reasons. */
  readonly blocked: ReadonlyMap<string, string>
  /** Runs that were blocked because too many workers were lost with them, and resumed, as their operator would do. */
  readonly resumed: number
  /** Starts that were asked for and never answered. */
  readonly unanswered: number
  /** From now on, up to `n` starts in all. */
  allow(n: number): void
  onMessage(member: Member, message: FromProcess): void
  onDeath(member: Member): void
  /** Resolves when everything allowed was acknowledged and nothing is live any more, or `timeoutMs` after anything last ended. */
  drain(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/** Orders starts from whoever is ready, sends the signals that runs wait for, and watches what ends. */
export function createLoad(database: ChaosDatabase, fleet: () => Fleet, random: () => number): Load {
  return new RunLoad(database, fleet, random)
}

class RunLoad implements Load {
  readonly acknowledged = new Map<string, WorkflowName>()
  readonly blocked = new Map<string, string>()
  resumed = 0
  private readonly database: ChaosDatabase
  private readonly fleet: () => Fleet
  private readonly random: () => number
  private readonly engine: Engine
  /** Starts asked of a process and not answered yet. */
  private readonly asked = new Map<Member, Map<number, StartOrder>>()
  private readonly again: StartOrder[] = []
  private readonly live = new Set<string>()
  private readonly signalled = new Set<string>()
  private allowed = 0
  private next = 0
  private endedAt = performance.now()
  private isClosing = false
  private readonly loops: Promise<void>[]

  constructor(database: ChaosDatabase, fleet: () => Fleet, random: () => number) {
    this.database = database
    this.fleet = fleet
    this.random = random
    const store = createPostgresStore({ url: `${database.url}?application_name=driver`, poolMax: 6 })
    this.engine = createEngine({ store, notifier: store.notifier })
    this.loops = [this.loop(() => this.order(), 10), this.loop(() => this.look(), lookEveryMs)]
  }

  get ended(): number {
    return this.acknowledged.size - this.live.size
  }

  get unanswered(): number {
    return this.again.length + this.waiting()
  }

  allow(n: number): void {
    this.allowed = Math.max(this.allowed, n)
  }

  onMessage(member: Member, message: FromProcess): void {
    if (message.type !== 'started' && message.type !== 'not started') return
    this.asked.get(member)?.delete(message.n)
    if (message.type === 'not started') {
      this.again.push({ type: 'start', n: message.n, workflow: message.workflow })
      return
    }
    this.acknowledged.set(message.run, message.workflow)
    this.live.add(message.run)
    if (message.workflow === 'asked') void this.signal(message.run)
  }

  /** What it was asked and did not answer is asked again, of others: perhaps the run exists already, then there are two. */
  onDeath(member: Member): void {
    this.again.push(...(this.asked.get(member)?.values() ?? []))
    this.asked.delete(member)
  }

  async drain(timeoutMs: number): Promise<void> {
    this.endedAt = performance.now()
    while (performance.now() - this.endedAt < timeoutMs) {
      await delay(lookEveryMs)
      const isAllStarted = this.next === this.allowed && this.unanswered === 0
      if (isAllStarted && this.live.size === 0 && (await this.countLive()) === 0) return
    }
  }

  async close(): Promise<void> {
    this.isClosing = true
    await Promise.all(this.loops)
    await this.engine.close()
  }

  private waiting(): number {
    return [...this.asked.values()].reduce((sum, orders) => sum + orders.size, 0)
  }

  private async order(): Promise<void> {
    while (this.live.size + this.waiting() < windowMax) {
      const member = pick(this.random, this.fleet().ready())
      if (member === undefined) return
      const order = this.again.pop() ?? this.fresh()
      if (order === undefined) return
      const orders = this.asked.get(member) ?? new Map<number, StartOrder>()
      this.asked.set(member, orders.set(order.n, order))
      this.fleet().send(member, order)
    }
  }

  private fresh(): StartOrder | undefined {
    if (this.next >= this.allowed) return undefined
    const workflow = WORKFLOWS[this.next % WORKFLOWS.length] ?? 'chain'
    return { type: 'start', n: this.next++, workflow }
  }

  private async look(): Promise<void> {
    const { pool, patiently } = this.database
    const { rows: ended } = await patiently(() =>
      pool.query<{ run: string }>('select run_id as run from engine.result where org_id = $1 and run_id = any($2)', [ORG, [...this.live]]),
    )
    for (const { run } of ended) this.live.delete(run)
    if (ended.length > 0) this.endedAt = performance.now()
    const { rows: stuck } = await patiently(() =>
      pool.query<{ run: string; reason: string }>('select run_id as run, reason from engine.live where state = 6 and org_id = $1', [ORG]),
    )
    for (const { run, reason } of stuck) {
      if (!takenForPoison.test(reason)) this.blocked.set(run, reason)
      else if (await this.engine.resume(ORG, run).catch(() => null)) this.resumed++
    }
    // Runs whose process died between the commit and the answer: nobody was told of them, but they are there.
    const { rows: unknown } = await patiently(() =>
      pool.query<{ run: string }>(
        `select run_id as run from engine.live join engine.run using (org_id, run_id) where workflow = 'asked' and org_id = $1`,
        [ORG],
      ),
    )
    for (const { run } of unknown) void this.signal(run)
  }

  /** Sends a run its signals one after another. A signal that got no answer is sent again under the same id, which must do nothing if it did arrive. */
  private async signal(run: string): Promise<void> {
    if (this.signalled.has(run)) return
    this.signalled.add(run)
    const began = Date.now()
    for (const [i, payload] of SIGNALS.entries()) {
      const id = uuid7(began + i, Buffer.from(run.replaceAll('-', ''), 'hex').subarray(6))
      await delay(this.random() * 60)
      while (!this.isClosing) {
        const outcome = await this.engine.signal(ORG, run, 'go', payload, { id }).catch(() => null)
        // Twice, now and then: the second must do nothing.
        if (outcome !== null && this.random() > 0.2) break
        await delay(signalRetryMs * this.random())
      }
    }
  }

  private async countLive(): Promise<number> {
    const { rows } = await this.database.patiently(() =>
      this.database.pool.query<{ n: number }>('select count(*)::int as n from engine.live'),
    )
    return rows[0]?.n ?? 0
  }

  private async loop(work: () => Promise<void>, everyMs: number): Promise<void> {
    while (!this.isClosing) {
      await work()
      await delay(everyMs)
    }
  }
}
