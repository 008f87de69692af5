import type { AdmittedStart, Millis, RunId, RunRow, StartOutcome } from '../store.ts'
import { cancelRun } from './finish.ts'
import { declareLimit, gate, gatedOn, hasRoom, limitOf, maxOf, oldestFirst, takeLimits } from './limits.ts'
import { insertRun, makeDue, newLive } from './live-run.ts'
import { insertMessage } from './messages.ts'
import { key } from './tables.ts'
import type { Session } from './tables.ts'
import { newUuid } from './uuid.ts'

type LimitRow = AdmittedStart['concurrency'][number]

/** Asks in this order: is it there already, dedupe, debounce, limits, rate. The first that answers decides. */
export function startAdmitted(session: Session, start: AdmittedStart): StartOutcome {
  const { tables, now } = session
  if (tables.runs.has(key(start.org, start.run))) return { type: 'existing', run: start.run }
  const first = start.dedupe && tables.dedupes.get(key(start.org, start.workflow, start.dedupe.key))
  if (first && first.until > now) return { type: 'existing', run: first.run }
  const outcome = debounce(session, start) ?? admit(session, start)
  if (start.dedupe) {
    tables.dedupes.set(key(start.org, start.workflow, start.dedupe.key), { run: outcome.run, until: now + start.dedupe.windowMs })
  }
  return outcome
}

function debounce({ tables, now }: Session, start: AdmittedStart): StartOutcome | null {
  const wish = start.debounce
  if (wish === null) return null
  const id = key(start.org, start.workflow, wish.key)
  const pending = tables.debounces.get(id)
  const live = pending && tables.live.get(key(start.org, pending.run))
  if (pending === undefined || live === undefined || live.begun || live.state !== 'waiting') {
    tables.debounces.set(id, { run: start.run, firstAt: now })
    return null
  }
  const latest = wish.maxDelayMs === null ? Number.POSITIVE_INFINITY : pending.firstAt + wish.maxDelayMs
  live.at = Math.max(now, Math.min(now + wish.delayMs, latest))
  live.row = { ...live.row, input: start.input }
  tables.runs.set(key(start.org, pending.run), live.row)
  return { type: 'debounced', run: pending.run }
}

function admit(session: Session, start: AdmittedStart): StartOutcome {
  const { tables, now } = session
  const row = toRunRow(start)
  const live = newLive(row, now, start.concurrency)
  for (const entry of start.concurrency) declareLimit(session, start.org, entry.limit, entry.max)
  const full = start.concurrency.filter((entry) => !hasRoom(limitOf(tables, start.org, entry.limit)))
  insertRun(tables, row, live)
  if (full.some((entry) => entry.onFull === 'cancel_newest')) {
    cancelRun(session, live, 'its concurrency limit was full')
    return { type: 'refused', run: start.run }
  }
  const cancelled = full.flatMap((entry) => (entry.onFull === 'cancel_in_progress' ? makeWay(session, start, entry) : []))
  const at = latest(start.at, start.debounce && now + start.debounce.delayMs, reserve(session, start))
  const gateName = takeLimits(tables, live)
  if (gateName === null) makeDue(live, at, now)
  else gate(live, gateName, at)
  return { type: 'started', run: start.run, state: live.state, cancelled }
}

/** Asks the oldest of those that hold the limit or wait for it to stop, as many as stand in the way of the new one. */
function makeWay(session: Session, start: AdmittedStart, entry: LimitRow): RunId[] {
  const { tables } = session
  const limit = limitOf(tables, start.org, entry.limit)
  const others = oldestFirst([...limit.holders, ...gatedOn(tables, start.org, entry.limit).map((live) => live.row.run)])
  const inTheWay = others.slice(0, others.length + 1 - maxOf(limit))
  for (const run of inTheWay) {
    const id = newUuid(session.now, session.random)
    insertMessage(session, { org: start.org, run, id, kind: 'cancel', name: 'a newer run took its place', payload: null, error: null })
  }
  return inTheWay
}

/** GCRA without a burst: starts of one rate are at least a period / max apart, however they arrive. */
function reserve({ tables, now }: Session, start: AdmittedStart): Millis | null {
  if (start.rate === null) return null
  const id = key(start.org, start.rate.limit)
  const at = Math.max(now, tables.rates.get(id) ?? 0)
  tables.rates.set(id, at + start.rate.periodMs / start.rate.max)
  return at
}

function latest(...times: readonly (Millis | null)[]): Millis | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}

function toRunRow(start: AdmittedStart): RunRow {
  const { at: _at, dedupe: _dedupe, debounce: _debounce, concurrency: _concurrency, rate: _rate, ...row } = start
  return row
}
