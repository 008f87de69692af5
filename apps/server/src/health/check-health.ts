import { ProblemError } from '@orrery/contract'
import type { RelayStatus } from '@orrery/core'
import type { Depths, EngineFact, Worker } from '@orrery/engine'
import type { Database } from '@orrery/kernel'
import type { Finding, Health } from './serve-health.ts'

export interface HealthSources {
  readonly database: Database
  readonly depths: () => Promise<Depths>
  /** Null if this process is not a worker. */
  readonly worker: Worker | null
  readonly recentErrors: RecentErrors
  readonly outages: Outages
  /** Null if no Redis is configured. */
  readonly relay: { status(): RelayStatus } | null
  /** The migrations that this start applied. */
  readonly migrated: readonly { readonly set: string; readonly version: number }[]
}

/** If a ready run waits longer than this, there are too few workers. */
const LAG_SECONDS = 60
const RECENT_MS = 60_000

export interface RecentErrors {
  readonly observe: (fact: EngineFact) => void
  recent(): readonly { readonly where: string; readonly message: string; readonly at: string }[]
}

/** The errors of the last minute that the engine met and recovered from. */
export function collectRecentErrors(): RecentErrors {
  let troubles: { where: string; message: string; at: number }[] = []
  const forget = () => {
    troubles = troubles.filter(({ at }) => at > Date.now() - RECENT_MS).slice(-10)
  }
  return {
    observe: (fact) => {
      if (fact.type !== 'trouble') return
      troubles.push({ where: fact.where, message: fact.error.message, at: Date.now() })
      forget()
    },
    recent: () => {
      forget()
      return troubles.map(({ at, ...trouble }) => ({ ...trouble, at: new Date(at).toISOString() }))
    },
  }
}

/** How long a call that the database could not do shows. */
const OUTAGE_MS = 10_000

export interface Outages {
  /** Takes note of a call that failed because the database could not do it. Ignores any other error. */
  readonly observe: (error: unknown) => void
  /** Why the last calls failed, in the words of the database; null: none did. */
  recent(): string | null
}

/** A database without disk space or connections still answers a check. The calls that it cannot do show what it lacks. */
export function collectOutages(): Outages {
  let last: { readonly reason: string; readonly at: number } | null = null
  return {
    observe: (error) => {
      if (!(error instanceof ProblemError) || error.code !== 'unavailable') return
      last = { reason: error.cause instanceof Error ? error.cause.message : error.detail, at: performance.now() }
    },
    recent: () => (last !== null && performance.now() - last.at < OUTAGE_MS ? last.reason : null),
  }
}

export function createChecks(sources: HealthSources): Health['checks'] {
  const { database, depths, recentErrors, outages, migrated, relay } = sources
  return {
    database: async () => {
      const begun = performance.now()
      await database.loop(({ client }) => client.query('select 1'))
      const details = { tookMs: Math.round(performance.now() - begun) }
      const reason = outages.recent()
      return reason === null ? { status: 'ok', details } : { status: 'degraded', reason: `calls failed: ${reason}`, details }
    },
    // The start migrates the database, so a running server always has all its migrations.
    migrations: async () => ({ status: 'ok', details: { appliedAtStart: migrated.map(({ set, version }) => `${set} ${version}`) } }),
    ...(relay === null ? {} : { redis: async () => checkRelay(relay.status()) }),
    engine: async () => checkEngine(sources.worker, recentErrors),
    queue: async () => {
      const { live, oldestReadyMs } = await depths()
      const details = { live, oldestReadySeconds: Math.round(oldestReadyMs / 1000) }
      if (details.oldestReadySeconds <= LAG_SECONDS) return { status: 'ok', details }
      return { status: 'degraded', reason: `the oldest ready run has waited for a worker for ${details.oldestReadySeconds} s`, details }
    },
  }
}

function checkRelay(relay: RelayStatus): Finding {
  switch (relay.kind) {
    case 'idle':
      return { status: 'ok', details: { lastAt: null } }
    case 'sending':
      return { status: 'ok', details: { lastAt: new Date(relay.lastAt).toISOString() } }
    case 'failing':
      return {
        status: 'degraded',
        reason: `events wait for Redis: ${relay.reason}`,
        details: { since: new Date(relay.since).toISOString() },
      }
  }
}

function checkEngine(worker: Worker | null, errors: RecentErrors): Finding {
  const recent = errors.recent()
  const details = { worker: worker?.id ?? null, activeRuns: worker?.activeRuns ?? 0, troubles: recent }
  if (recent.length > 0) return { status: 'degraded', reason: 'the engine had errors in the last minute', details }
  return { status: 'ok', details }
}
