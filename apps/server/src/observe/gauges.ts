import type { Depths } from '@orrery/engine'
import type { PoolFigures } from '@orrery/engine/postgres'
import { Gauge, type Registry } from 'prom-client'

export interface MetricSources {
  /** What only the database knows, read when somebody looks. */
  readonly depths?: () => Promise<Depths>
  /** Rows of invariant views that should have none. Reads whole tables. */
  readonly violations?: () => Promise<readonly { readonly invariant: string; readonly rows: number }[]>
  readonly activeRuns?: () => number
  readonly pools?: () => readonly PoolFigures[]
}

/** What is looked up when somebody reads the figures. A source that is not there has no gauge. */
export function connectGauges(registry: Registry, sources: MetricSources): void {
  const registers = [registry]
  const { depths, violations, activeRuns, pools } = sources
  if (activeRuns) {
    new Gauge({
      name: 'orrery_active_runs',
      help: 'Runs in hand.',
      registers,
      collect() {
        this.set(activeRuns())
      },
    })
  }
  if (pools) connectPools(registers, pools)
  if (depths) connectDepths(registers, depths)
  if (violations) connectViolations(registers, violations)
}

/** While the database is away these have no figure, and the others are read all the more. */
function connectDepths(registers: Registry[], read: NonNullable<MetricSources['depths']>): void {
  const fresh = cached(read)
  const latest = () => fresh().catch(() => null)
  new Gauge({
    name: 'orrery_live_runs',
    help: 'Live runs by state.',
    labelNames: ['state'] as const,
    registers,
    async collect() {
      const found = await latest()
      this.reset()
      for (const [state, count] of Object.entries(found?.live ?? {})) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'orrery_oldest_ready_age_seconds',
    help: 'How long the first ready run has waited for a worker.',
    registers,
    async collect() {
      const found = await latest()
      if (found === null) this.remove()
      else this.set(found.oldestReadyMs / 1000)
    },
  })
}

function connectPools(registers: Registry[], read: () => readonly PoolFigures[]): void {
  const gauge = (name: string, help: string, labels: readonly string[], show: (gauge: Gauge, pool: PoolFigures) => void) =>
    new Gauge({
      name: `orrery_pool_${name}`,
      help,
      labelNames: ['pool', ...labels],
      registers,
      collect() {
        for (const pool of read()) show(this, pool)
      },
    })
  gauge('connections', 'Connections to the database.', ['state'], (connections, { name, total, idle }) => {
    connections.set({ pool: name, state: 'idle' }, idle)
    connections.set({ pool: name, state: 'busy' }, total - idle)
  })
  gauge('connections_max', 'Connections that the pool may have.', [], (most, { name, max }) => most.set({ pool: name }, max))
  gauge('waiting_callers', 'Callers that wait for a connection.', [], (callers, { name, waiting }) => callers.set({ pool: name }, waiting))
}

function connectViolations(registers: Registry[], read: NonNullable<MetricSources['violations']>): void {
  const gauge = new Gauge({
    name: 'orrery_invariant_violations',
    help: 'Rows that break an invariant, at the last look (every ten minutes at most); anything but 0 is a bug.',
    registers,
    async collect() {
      const found = await seen()
      // The first look is still at work: no figure is better than a wrong one.
      if (found !== null) gauge.set(found.reduce((sum, { rows }) => sum + rows, 0))
    },
  })
  const seen = inBackground(read, VIOLATIONS_FRESH_MS)
}

const VIOLATIONS_FRESH_MS = 600_000

/** What the last finished read gave; begins another when that is too old. Nobody waits for it. */
function inBackground<T>(read: () => Promise<T>, freshMs: number): () => Promise<T | null> {
  let value: T | null = null
  let until = 0
  return async () => {
    if (performance.now() > until) {
      until = performance.now() + freshMs
      read().then(
        (fresh) => {
          value = fresh
        },
        () => {
          until = 0
        },
      )
    }
    return value
  }
}

/** Depths are counted over whole tables: one read serves all gauges, and readers that come more often than this. */
const DEPTHS_FRESH_MS = 15_000

function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined
  let until = 0
  return () => {
    if (value === undefined || performance.now() > until) {
      until = performance.now() + DEPTHS_FRESH_MS
      value = read()
      // A failed read is not kept.
      value.catch(() => {
        until = 0
      })
    }
    return value
  }
}
