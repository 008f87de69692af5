import { setTimeout as pause } from 'node:timers/promises'
import type { Depths } from '@orrery/engine'
import type { PoolFigures } from '@orrery/engine/postgres'
import { Gauge, type Registry } from 'prom-client'

export interface MetricSources {
  /** Counts from the database, read when the metrics are scraped. */
  readonly depths?: () => Promise<Depths>
  /** Rows in the invariant views, which should be empty. Reads whole tables. */
  readonly violations?: () => Promise<readonly { readonly invariant: string; readonly rows: number }[]>
  readonly activeRuns?: () => number
  readonly pools?: () => readonly PoolFigures[]
}

/** Registers the gauges that are read when the metrics are scraped. A source that is absent has no gauge. */
export function connectGauges(registry: Registry, sources: MetricSources): void {
  const registers = [registry]
  const { depths, violations, activeRuns, pools } = sources
  if (activeRuns) {
    new Gauge({
      name: 'orrery_active_runs',
      help: 'Runs that this worker is executing.',
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

/** While the database is unavailable, these gauges have no value, and the other metrics can still be read. */
function connectDepths(registers: Registry[], read: NonNullable<MetricSources['depths']>): void {
  const fresh = cached(read)
  const latest = () => Promise.race([fresh().catch(() => null), pause(DEPTHS_MS_MAX, null, { ref: false })])
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
    help: 'How long the oldest ready run has waited for a worker.',
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
  gauge('connections_max', 'Connections that the pool may open.', [], (most, { name, max }) => most.set({ pool: name }, max))
  gauge('waiting_callers', 'Callers waiting for a connection.', [], (callers, { name, waiting }) => callers.set({ pool: name }, waiting))
}

function connectViolations(registers: Registry[], read: NonNullable<MetricSources['violations']>): void {
  const gauge = new Gauge({
    name: 'orrery_invariant_violations',
    help: 'Rows that violate an invariant, as of the last check (at most every ten minutes). Anything but 0 is a bug.',
    registers,
    async collect() {
      const found = await seen()
      // The first check is still running: no value is better than a wrong one.
      if (found !== null) gauge.set(found.reduce((sum, { rows }) => sum + rows, 0))
    },
  })
  const seen = inBackground(read, VIOLATIONS_FRESH_MS)
}

const VIOLATIONS_FRESH_MS = 600_000

/** Returns the result of the last finished read at once, and starts another read in the background if that result is too old. */
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

/** Depths are counted over whole tables, so one read within this time serves all gauges and all scrapes. */
const DEPTHS_FRESH_MS = 15_000
/** A scrape does not wait longer for a database that does not answer. */
const DEPTHS_MS_MAX = 3000

function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined
  let until = 0
  return () => {
    if (value === undefined || performance.now() > until) {
      until = performance.now() + DEPTHS_FRESH_MS
      value = read()
      // A failed read is not cached.
      value.catch(() => {
        until = 0
      })
    }
    return value
  }
}
