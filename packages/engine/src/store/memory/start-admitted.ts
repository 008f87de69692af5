import type { AdmittedStart, Millis, RunId, RunRow, StartOutcome } from '../store.ts'
import { Fenced, HeldByAncestor } from '../store-errors.ts'
import { admit } from './admit.ts'
import { declareLimit, limitOf, maxOf, promote } from './limits.ts'
import { insertRun, newLive, rankAt } from './live-run.ts'
import { key, type Live, type Session, type Tables } from './tables.ts'

/** Checks in this order: existing run, dedupe, debounce, rate, limits. The first that applies decides. */
export function startAdmitted(session: Session, start: AdmittedStart): StartOutcome {
  const { tables, now } = session
  if (tables.runs.has(key(start.org, start.run))) return { type: 'existing', run: start.run }
  const first = start.dedupe && tables.dedupes.get(key(start.org, start.workflow, start.dedupe.key))
  if (first && first.until > now && !isReusable(session, start, first.run)) return { type: 'existing', run: first.run }
  const outcome = debounce(session, start) ?? begin(session, start)
  if (start.dedupe)
    tables.dedupes.set(key(start.org, start.workflow, start.dedupe.key), { run: outcome.run, until: now + start.dedupe.windowMs })
  return outcome
}

/** Whether this start may use the key of a run that has ended without success. */
function isReusable({ tables }: Session, { org, dedupe }: AdmittedStart, run: RunId): boolean {
  const status = tables.results.get(key(org, run))?.status ?? 'succeeded'
  return dedupe?.reuse === 'after_failure' && status !== 'succeeded'
}

/** A pending run with the same debounce key takes this start's input and is delayed again. */
function debounce({ tables, now }: Session, start: AdmittedStart): StartOutcome | null {
  const wish = start.debounce
  if (wish === null) return null
  const id = key(start.org, start.workflow, wish.key)
  const pending = tables.debounces.get(id)
  const live = pending && tables.live.get(key(start.org, pending.run))
  if (!pending || !live || live.begun || live.at === null || live.state === 'paused') {
    tables.debounces.set(id, { run: start.run, latestAt: wish.maxDelayMs === null ? Number.POSITIVE_INFINITY : now + wish.maxDelayMs })
    return null
  }
  const { workflow, bundle, queue, priority, input, authority, tags, deadline } = start
  live.row = { ...live.row, workflow, bundle, queue, priority, input, authority, tags, deadline }
  live.bundle = bundle
  live.at = Math.min(now + wish.delayMs, pending.latestAt)
  live.rank = rankAt(live.at, priority)
  tables.runs.set(key(start.org, pending.run), live.row)
  return { type: 'debounced', run: pending.run }
}

function begin(session: Session, start: AdmittedStart): StartOutcome {
  const { tables, now } = session
  requireParent(tables, start)
  const putOff = start.debounce ? now + Math.min(start.debounce.delayMs, start.debounce.maxDelayMs ?? Number.POSITIVE_INFINITY) : now
  const at = Math.max(start.at ?? now, putOff, reserve(session, start))
  const row = toRunRow(start)
  const live = newLive(row, at, start.concurrency)
  insertRun(tables, row, live)
  for (const wish of start.concurrency) declareLimit(tables, start.org, wish.limit, wish.max)
  if (at > now) {
    live.at = at
    live.state = start.concurrency[0] ? 'gated' : 'waiting'
    live.gate = start.concurrency[0]?.limit ?? null
    return { type: 'started', run: start.run, state: live.state, cancelled: [] }
  }
  // Waiting runs are admitted first, in case this start has raised the limit.
  for (const wish of start.concurrency) promote(session, start.org, wish.limit)
  const cancelled = admit(session, live, false)
  requireStart(session, live)
  const refused = !tables.live.has(key(start.org, start.run))
  return refused ? { type: 'refused', run: start.run } : { type: 'started', run: start.run, state: live.state, cancelled }
}

/** A worker that has released a run may still be starting a child of it. */
function requireParent({ live }: Tables, { org, run, parent }: AdmittedStart): void {
  if (parent === null || parent.close === 'abandon' || live.has(key(org, parent.run))) return
  throw new Fenced(`the parent of run ${run} has ended`)
}

/** Takes back the start of a child whose ancestors hold all places of its limit. */
function requireStart({ tables }: Session, { row, state, gate }: Live): void {
  if (state !== 'gated' || gate === null) return
  const limit = limitOf(tables, row.org, gate)
  const holding: RunId[] = []
  for (let up: RunRow | undefined = row; up?.parent && up.parent.close !== 'abandon'; ) {
    const parent: RunId = up.parent.run
    if (limit.holders.has(parent)) holding.push(parent)
    up = tables.runs.get(key(row.org, parent))
  }
  const [holder] = holding.sort().reverse()
  if (holder === undefined || holding.length < maxOf(limit)) return
  tables.live.delete(key(row.org, row.run))
  tables.runs.delete(key(row.org, row.run))
  throw new HeldByAncestor(gate, holder)
}

/** GCRA without a burst: starts of one rate are at least periodMs / max apart, whenever they arrive, so no period sees more than `max`. */
function reserve({ tables, now }: Session, start: AdmittedStart): Millis {
  if (start.rate === null) return now
  const id = key(start.org, start.rate.limit)
  const at = Math.max(now, tables.rates.get(id) ?? now)
  tables.rates.set(id, at + start.rate.periodMs / start.rate.max)
  return at
}

function toRunRow(start: AdmittedStart): RunRow {
  const { worker: _by, at: _at, dedupe: _dedupe, debounce: _debounce, concurrency: _limits, rate: _rate, event: _event, ...row } = start
  return row
}
