import { setTimeout as delay } from 'node:timers/promises'
import { createEngine, type Engine, uuid7 } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import { SIGNALS, WORKFLOWS, type WorkflowName } from './fixtures/model.ts'
import type { Fleet, Member } from './fleet.ts'
import { type ChaosDatabase, ORG } from './postgres.ts'
import type { FromProcess, StartOrder } from './process-messages.ts'
import { pick } from './random.ts'

/** Runs in progress at once: enough that every fault hits many. */
const WINDOW_MAX = 160
const POLL_EVERY_MS = 120
const SIGNAL_RETRY_MS = 100
const POISON = /^\d+ workers were lost while they executed this run/

export interface Load {
  /** Acknowledged starts, by run. */
  readonly acknowledged: ReadonlyMap<string, WorkflowName>
  readonly ended: number
  /** Runs that were blocked without a cause, with their reasons. */
  readonly blocked: ReadonlyMap<string, string>
  /** Runs that were blocked as poison because many workers were lost with them, and resumed, as an operator would do. */
  readonly resumed: number
  /** Requested starts without an answer. */
  readonly unanswered: number
  /** Raises the total number of starts to `n`. */
  allow(n: number): void
  onMessage(member: Member, message: FromProcess): void
  onDeath(member: Member): void
  /** Resolves when every allowed start was acknowledged and no run is live, or `timeoutMs` after the last end of a run. */
  drain(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/** Sends start orders to processes that are ready, sends the signals that runs wait for, and watches runs end. */
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
  /** Starts requested of a process and not answered yet. */
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
    this.loops = [this.loop(() => this.order(), 10), this.loop(() => this.poll(), POLL_EVERY_MS)]
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

  /** Orders that the dead process did not answer go to others. If the process had started the run, there are two. */
  onDeath(member: Member): void {
    this.again.push(...(this.asked.get(member)?.values() ?? []))
    this.asked.delete(member)
  }

  async drain(timeoutMs: number): Promise<void> {
    this.endedAt = performance.now()
    while (performance.now() - this.endedAt < timeoutMs) {
      await delay(POLL_EVERY_MS)
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
    while (this.live.size + this.waiting() < WINDOW_MAX) {
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

  private async poll(): Promise<void> {
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
      if (!POISON.test(reason)) this.blocked.set(run, reason)
      else if (await this.engine.resume(ORG, run).catch(() => null)) this.resumed++
    }
    // Also signals runs whose process died between the commit and the answer: they exist without an acknowledgement.
    const { rows: unknown } = await patiently(() =>
      pool.query<{ run: string }>(
        `select run_id as run from engine.live join engine.run using (org_id, run_id) where workflow = 'asked' and org_id = $1`,
        [ORG],
      ),
    )
    for (const { run } of unknown) void this.signal(run)
  }

  /**
   * Sends a run its signals one after another. A signal without an answer is sent again with the same id, which must have no effect if the
   * first one arrived.
   */
  private async signal(run: string): Promise<void> {
    if (this.signalled.has(run)) return
    this.signalled.add(run)
    const began = Date.now()
    for (const [i, payload] of SIGNALS.entries()) {
      const id = uuid7(began + i, Buffer.from(run.replaceAll('-', ''), 'hex').subarray(6))
      await delay(this.random() * 60)
      while (!this.isClosing) {
        const outcome = await this.engine.signal(ORG, run, 'go', payload, { id }).catch(() => null)
        // Now and then sends a signal twice. The second must have no effect.
        if (outcome !== null && this.random() > 0.2) break
        await delay(SIGNAL_RETRY_MS * this.random())
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
