import type { Depths, RunState, Store } from '../store.ts'
import { claim, type OrgCursor } from './claim.ts'
import { deliver, setPause, setQueuePaused, unblock } from './control.ts'
import { deleteRuns } from './delete-runs.ts'
import { expire } from './finish.ts'
import { flush, requireUnfenced } from './flush.ts'
import { forkRun } from './fork.ts'
import { setLimit } from './limits.ts'
import { readyAt, toLiveRow } from './live-run.ts'
import { readInbox } from './messages.ts'
import { startAdmitted } from './start-admitted.ts'
import { key, type Session, type Tables } from './tables.ts'
import { violations } from './violations.ts'
import { beat, register, retire } from './workers.ts'

type Immediate<F> = F extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never

/** The port's operations, each executed at once and atomically. */
export type Operations = { readonly [M in Exclude<keyof Store, 'close' | 'transact' | 'startPlain' | 'deleteEvents'>]: Immediate<Store[M]> }

export interface OperationOptions {
  readonly tables: Tables
  readonly now: () => number
  readonly random: () => number
  /** False only to prove that tests notice a missing fence. */
  readonly fencing: boolean
}

export function createOperations({ tables, now, random, fencing }: OperationOptions): Operations {
  const cursor: OrgCursor = { org: '' }
  const session = (): Session => ({ tables, now: now(), random })
  return {
    now,
    register: (info) => register(session(), info),
    retire: (worker) => retire(session(), worker),
    beat: (worker, request) => beat(session(), worker, request),
    flush: (batch) => flush(session(), batch, fencing),
    claim: (request) => claim(session(), request, cursor, fencing),
    inbox: (org, run) => readInbox(tables, org, run),
    emit: (events) => void tables.events.push(...events),
    startAdmitted: (start) => {
      if (start.worker !== undefined && fencing) requireUnfenced(tables, start.worker)
      const outcome = startAdmitted(session(), start)
      if (outcome.type === 'started' && start.event) tables.events.push(start.event)
      return outcome
    },
    deliver: (message) => deliver(session(), message),
    expire: () => [...new Set(expire(session()).flatMap(({ state, row }) => (state === 'ready' ? [row.queue] : [])))],
    setPause: (org, run, paused) => setPause(session(), org, run, paused),
    unblock: (org, run, bundle) => unblock(session(), org, run, bundle),
    fork: (source, target, edits) => forkRun(session(), source, target, edits),
    deleteRuns: (org, runs) => deleteRuns(tables, org, runs),
    setLimit: (org, limit, max) => setLimit(session(), org, limit, max),
    setQueuePaused: (org, queue, paused) => setQueuePaused(session(), org, queue, paused),
    depths: () => depths(session()),
    violations: () => violations(tables),
    ...readers(tables),
    ...bundles(tables),
  }
}

function readers(tables: Tables): Pick<Operations, 'history' | 'progress' | 'live' | 'holders' | 'run' | 'result' | 'liveRuns'> {
  return {
    history: (org, run, from) => (tables.journal.get(key(org, run)) ?? []).filter((row) => row.seq >= from),
    progress: (org, run, cmd) => tables.progress.get(key(org, run, cmd))?.details ?? null,
    live: (org, run) => {
      const live = tables.live.get(key(org, run))
      return live ? toLiveRow(live) : null
    },
    holders: (org, name, limit) => [...(tables.limits.get(key(org, name))?.holders ?? [])].sort().slice(0, limit),
    run: (org, run) => {
      const row = tables.runs.get(key(org, run))
      // The run may have moved to another bundle since its start. An ended run keeps the bundle of its last `version` row.
      const moved = tables.journal.get(key(org, run))?.findLast(({ kind }) => kind === 'version')
      return row ? { ...row, bundle: moved?.name ?? row.bundle } : null
    },
    result: (org, run) => tables.results.get(key(org, run)) ?? null,
    liveRuns: (org, workflow, after, limit) =>
      [...tables.live.values()]
        .filter(({ row }) => row.org === org && (workflow === null || row.workflow === workflow) && (after === null || row.run > after))
        .sort((a, b) => (a.row.run < b.row.run ? -1 : 1))
        .slice(0, limit)
        .map(toLiveRow),
  }
}

function bundles(tables: Tables): Pick<Operations, 'saveBundle' | 'bundle' | 'setDefault' | 'defaultBundle'> {
  return {
    saveBundle: (org, hash, code, manifest, map = null) => {
      const id = key(org, hash)
      const known = tables.bundles.get(id)
      tables.bundles.set(id, known === undefined ? { code, manifest, map } : { ...known, map: map ?? known.map })
    },
    bundle: (org, hash) => tables.bundles.get(key(org, hash)) ?? null,
    setDefault: (org, workflow, bundle) => void tables.defaults.set(key(org, workflow), bundle),
    defaultBundle: (org, workflow) => tables.defaults.get(key(org, workflow)) ?? null,
  }
}

function depths({ tables, now }: Session): Depths {
  const live: Record<RunState, number> = { ready: 0, running: 0, waiting: 0, gated: 0, paused: 0, blocked: 0 }
  let oldestReadyMs = 0
  for (const row of tables.live.values()) {
    live[row.state]++
    if (row.state !== 'ready' || tables.pausedQueues.has(key(row.row.org, row.row.queue))) continue
    oldestReadyMs = Math.max(oldestReadyMs, now - readyAt(row))
  }
  return { live, oldestReadyMs }
}
