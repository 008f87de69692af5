/** Callers of both servers, as many as make a steady load: they start runs, fire automations, read, write and follow the events. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@orrery/client'
import { signWebhook } from '@orrery/kernel'
import { Answers, type Request } from './ask.ts'
import type { Server, World } from './world.ts'

const SCHEDULES = 3
const EACH_SECOND = 'every 1s'
/** A pipeline whose second step changes something through an operation, once for each run. */
const EMITTING = [
  { id: 'now', uses: 'time.now', save_as: 'now' },
  { id: 'emit', uses: 'event.emit', with: { topic: 'chaos.emitted' } },
]
/** Between two requests of a caller. */
const STARTS_MS = 150
const DELIVERIES_MS = 250
const READS_MS = 60
const WRITES_MS = 200
const HEALTH_MS = 500
const AGAIN_MS = 100
const SLOW_MS = 500
/** Requests of one caller in progress. */
const ASKED_MAX = 10
/** The key is exchanged for new tokens after this time, well before they expire. */
const RENEW_MS = 5 * 60_000
/** How long a read waits for the result of a run. */
const WAIT_MS = 2000

export interface Health {
  readonly server: Server
  /** When it was asked, on the monotonic clock. */
  readonly at: number
  /** Of the answer: `healthy`, `degraded`, `unhealthy`; `none` without one. */
  readonly status: string
}

export interface Seen {
  readonly server: Server
  /** Of the events that the stream sent, in the order of arrival. */
  readonly cursors: string[]
}

export interface Load {
  readonly answers: Answers
  /** Runs whose start was answered, with the number in their input. */
  readonly accepted: ReadonlyMap<string, number>
  /** Numbers of starts with an idempotency key that were answered. */
  readonly keyed: ReadonlySet<number>
  /** Firings by delivery. More than one of a delivery is a fault. */
  readonly fired: ReadonlyMap<string, ReadonlySet<string>>
  readonly health: readonly Health[]
  readonly seen: readonly Seen[]
  /** The number that the last accepted change left in the automation `changing`. */
  lastChange(): number
  /** Resolves when each server has answered one request of each kind, and returns after how many ms. */
  recovered(withinMs: number): Promise<number>
  /** Stops starting, and waits until every start and delivery with a key is answered. */
  drain(): Promise<void>
  /** Ends all other requests, too. Streams of events stay open. */
  stop(): Promise<void>
  /** Ends the streams. */
  leave(): Promise<void>
}

export async function startLoad(world: World): Promise<Load> {
  const load = new Callers(world)
  await load.prepare()
  load.start()
  return load
}

class Callers implements Load {
  readonly answers = new Answers()
  readonly accepted = new Map<string, number>()
  readonly keyed = new Set<number>()
  readonly fired = new Map<string, Set<string>>()
  readonly health: Health[] = []
  readonly seen: Seen[]
  private readonly world: World
  private isDraining = false
  private isOver = false
  private readonly following = new AbortController()
  private starting: Promise<unknown> = Promise.resolve()
  private reading: Promise<unknown> = Promise.resolve()
  private streaming: Promise<unknown> = Promise.resolve()
  private count = 0
  private change = 0
  private lastRun = ''
  /** For each server, a token that the other one signed. */
  private readonly tokens = ['', '']
  private renewedAt = Number.NEGATIVE_INFINITY
  private hook = { path: '', secret: '' }

  constructor(world: World) {
    this.world = world
    this.seen = world.servers.map((server) => ({ server, cursors: [] }))
  }

  /** The number of an input says where a run came from: below 0, an automation. */
  private input(n: number): object {
    return { n, file: this.world.receipts }
  }

  /** Before any fault: a schedule for each of a few automations, a webhook, and tokens of each server for the other. */
  async prepare(): Promise<void> {
    const must = async (server: Server, request: Request): Promise<Record<string, string>> => {
      const answer = await this.answers.ask(server, { bearer: this.world.key, ...request })
      if (answer === null) throw new Error(`${request.path} failed: ${[...this.answers.faults.values()].join('\n')}`)
      return JSON.parse(answer.text) as Record<string, string>
    }
    const [first, second] = this.world.servers
    const workflow = { name: 'receipts', input: this.input(-1) }
    for (let at = 0; at < SCHEDULES; at++) {
      const trigger = { type: 'schedule', schedule: EACH_SECOND, misfire: 'all' }
      await must(first, {
        path: '/api/v1/automations',
        body: { name: `second-${at}`, triggers: [trigger], workflow, overlap: 'allow_all' },
      })
    }
    const trigger = { type: 'webhook', signature: 'standard' }
    await must(second, { path: '/api/v1/automations', body: { name: 'hook', triggers: [trigger], workflow, overlap: 'allow_all' } })
    const emitting = {
      ...{ name: 'emitting', overlap: 'allow_all', scopes: ['events:emit'] },
      triggers: [{ type: 'schedule', schedule: EACH_SECOND, misfire: 'all' }],
      pipeline: { pipeline: EMITTING },
    }
    await must(second, { path: '/api/v1/automations', body: emitting })
    const { url = '', signingSecret = '' } = await must(second, { path: '/api/v1/automations/hook/rotate-webhook', body: {} })
    this.hook = { path: new URL(url).pathname, secret: signingSecret }
    await this.renewTokens()
    await this.startKeyed(0)
  }

  start(): void {
    const each = this.world.servers.map((server, at) => ({ server, at }))
    this.starting = Promise.all([
      ...each.map(({ at }) => this.while(() => this.startKeyed(at), STARTS_MS)),
      ...each.map(({ server }) => this.while(() => this.startPlain(server), STARTS_MS * 2)),
      ...each.map(({ at }) => this.while(() => this.deliver(at), DELIVERIES_MS)),
      this.while(() => this.apply(), WRITES_MS * 2),
      this.while(() => this.renewTokens(), WRITES_MS),
    ])
    this.reading = Promise.all([
      ...each.map(({ server, at }) => this.cycle(server, this.reads(at), READS_MS)),
      ...each.map(({ server }) => this.cycle(server, this.writes(), WRITES_MS)),
      ...each.map(({ server }) => this.look(server)),
    ])
    this.streaming = Promise.all(this.seen.map((seen) => this.follow(seen)))
  }

  lastChange(): number {
    return this.change
  }

  async recovered(withinMs: number): Promise<number> {
    const begun = performance.now()
    const requests = [...this.reads(0), ...this.writes(), { path: '/api/v1/runs', body: { workflow: 'receipts', input: this.input(-2) } }]
    const isBack = async (server: Server, request: Request): Promise<void> => {
      while ((await this.answers.ask(server, { bearer: this.world.key, ...request })) === null) {
        if (performance.now() - begun > withinMs) {
          this.answers.note('a server that did not recover', `${server.name}: ${request.path} after ${withinMs} ms`)
          return
        }
        await pause(AGAIN_MS)
      }
    }
    await Promise.all(this.world.servers.flatMap((server) => requests.map((request) => isBack(server, request))))
    return Math.round(performance.now() - begun)
  }

  async drain(): Promise<void> {
    this.isDraining = true
    await this.starting
  }

  async stop(): Promise<void> {
    this.isOver = true
    await this.reading
  }

  async leave(): Promise<void> {
    this.following.abort()
    await this.streaming
  }

  private async while(work: () => Promise<void>, everyMs: number): Promise<void> {
    while (!this.isDraining) {
      await work()
      await pause(everyMs)
    }
  }

  /** Sends one request after another, and does not wait for slow answers until some are missing. */
  private async cycle(server: Server, requests: readonly Request[], everyMs: number): Promise<void> {
    const asked = new Set<Promise<unknown>>()
    for (let at = 0; !this.isOver; at = (at + 1) % requests.length) {
      const asking = this.answers.ask(server, { bearer: this.world.key, ...(requests[at] ?? { path: '/health' }) })
      asked.add(asking)
      void asking.finally(() => asked.delete(asking))
      await Promise.race([asking, pause(SLOW_MS)])
      if (asked.size >= ASKED_MAX) await Promise.race(asked)
      await pause(everyMs)
    }
    await Promise.all(asked)
  }

  /** Asks both servers in turn, with the same key, until one has answered. */
  private async insist(at: number, request: () => Request): Promise<string> {
    for (let turn = at; ; turn++) {
      const server = this.world.servers[turn % 2] ?? this.world.servers[0]
      const answer = await this.answers.ask(server, { bearer: this.world.key, ...request() })
      if (answer !== null) return answer.text
      await pause(AGAIN_MS)
    }
  }

  private async startKeyed(at: number): Promise<void> {
    const n = ++this.count
    const request = {
      path: '/api/v1/runs',
      body: { workflow: 'receipts', input: this.input(n) },
      headers: { 'idempotency-key': `start-${n}` },
      // The first request with this key may still be in progress on the other server.
      right: [409],
    }
    const { runId } = JSON.parse(await this.insist(at, () => request)) as { runId: string }
    this.accepted.set(runId, n)
    this.keyed.add(n)
    this.lastRun = runId
  }

  private async startPlain(server: Server): Promise<void> {
    const n = ++this.count
    const request = { path: '/api/v1/runs', body: { workflow: 'receipts', input: this.input(n) }, bearer: this.world.key }
    const answer = await this.answers.ask(server, request)
    if (answer !== null) this.accepted.set((JSON.parse(answer.text) as { runId: string }).runId, n)
  }

  private async deliver(at: number): Promise<void> {
    const id = `delivery-${++this.count}`
    const { path, secret } = this.hook
    const send = async (first: number): Promise<string> => {
      const sign = () => signWebhook(secret, { id, body: '{}', nowMs: Date.now() })
      const text = await this.insist(first, () => ({ path, body: '{}', headers: { ...sign() } }))
      return String((JSON.parse(text) as { firingId: string | null }).firingId)
    }
    const firings = new Set([await send(at)])
    // Senders repeat deliveries whose answer they missed.
    if (this.count % 5 === 0) firings.add(await send(at + 1))
    this.fired.set(id, firings)
  }

  private async apply(): Promise<void> {
    const n = this.change + 1
    const definition = { name: 'changing', title: `Change ${n}`, workflow: { name: 'receipts', input: this.input(-1) } }
    const headers = { 'idempotency-key': `change-${n}` }
    await this.insist(n, () => ({ path: '/api/v1/automations', method: 'PUT', body: definition, headers, right: [409] }))
    this.change = n
  }

  private async renewTokens(): Promise<void> {
    if (performance.now() - this.renewedAt < RENEW_MS) return
    this.renewedAt = performance.now()
    for (const at of this.tokens.keys()) {
      const text = await this.insist(1 - at, () => ({ path: '/api/v1/tokens', body: {} }))
      this.tokens[at] = (JSON.parse(text) as { accessToken: string }).accessToken
    }
  }

  private reads(at: number): readonly Request[] {
    const token = () => this.tokens[at] ?? ''
    const withToken = (path: string): Request => ({
      path,
      get bearer() {
        return token()
      },
    })
    const mcp = { accept: 'application/json, text/event-stream' }
    const callTool = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'run_list', arguments: { limit: 3 } } }
    const lastRun = () => this.lastRun
    return [
      withToken('/api/v1/runs?limit=20'),
      { path: '/api/v1/automations' },
      {
        get path() {
          return `/api/v1/runs/${lastRun()}/result?timeout=${WAIT_MS}ms`
        },
        waitMs: WAIT_MS,
      },
      withToken('/api/v1/events?limit=20'),
      {
        get path() {
          return `/api/v1/runs/${lastRun()}/why`
        },
      },
      { path: '/trpc/runs.list?input=%7B%22limit%22%3A5%7D' },
      { path: '/mcp', body: callTool, headers: mcp },
      { path: '/tasks' },
      withToken('/api/v1/automations/second-0/firings?limit=5'),
      { path: '/api/v1/workers' },
    ]
  }

  private writes(): readonly Request[] {
    return [
      { path: '/api/v1/queues/other/pause', body: {} },
      { path: '/api/v1/events', body: { topic: 'chaos.noticed', payload: { at: 1 } } },
      { path: '/api/v1/tools/time.now/call', body: { args: {} } },
      { path: '/api/v1/tokens', body: {} },
      { path: '/trpc/queues.resume', body: { queue: 'other' } },
      {
        path: '/api/v1/tools/time.now/call',
        body: { args: {} },
        get headers() {
          return { 'idempotency-key': randomUUID() }
        },
      },
    ]
  }

  private async look(server: Server): Promise<void> {
    while (!this.isOver) {
      const at = performance.now()
      const answer = await fetch(`${server.url}/health`, { signal: AbortSignal.timeout(10_000) }).catch(() => null)
      const { status = 'none' } = ((await answer?.json().catch(() => ({}))) ?? {}) as { status?: string }
      this.health.push({ server, at, status })
      if (answer === null) this.answers.note('no answer from /health', server.name)
      await pause(HEALTH_MS)
    }
  }

  private async follow(seen: Seen): Promise<void> {
    const client = createClient({ url: seen.server.url, key: this.world.key })
    for await (const event of client.events.stream({ signal: this.following.signal })) seen.cursors.push(event.id)
  }
}
