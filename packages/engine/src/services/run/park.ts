import type { ParkRow, Wait } from '../../store/store.ts'
import { failpoint } from '../failpoints.ts'
import type { ActiveRun } from './active-run.ts'
import { evict, quiet } from './let-go.ts'
import { abortStep } from './open-command.ts'
import { runEvent } from './run-event.ts'
import { hasRoom, LINGER_MS, type Scope, STAY_MS } from './scope.ts'

const RETRY_MS = 200

/** Called whenever a run may have nothing left to do here: decides whether it keeps its slot. */
export function considerIdle(scope: Scope, run: ActiveRun): void {
  if (run.state !== 'live' || run.queue.length > 0 || run.busy > 0 || run.held || run.fetching) return
  if (run.ending) return scope.finish(run, run.ending)
  if (run.pausing) return park(scope, run, 'paused', null)
  if (run.open.size === 0) {
    block(scope, run, 'The workflow waits for something that is neither a step, a timer, a signal nor a child; it can never go on.')
    return
  }
  if (scope.stopping) return park(scope, run, hasStartableStep(scope, run) ? 'ready' : 'waiting', null)
  const at = nextTime(run)
  const near = at !== null && at - scope.clock.now() <= STAY_MS
  if (hasRoom(scope) && near) return
  if (!hasRoom(scope)) return park(scope, run, 'waiting', null)
  run.linger ??= scope.clock.setTimeout(() => {
    run.linger = null
    if (stillIdle(run)) park(scope, run, 'waiting', null)
  }, LINGER_MS)
}

function hasStartableStep(scope: Scope, run: ActiveRun): boolean {
  for (const open of run.open.values()) if (open.type === 'step' && open.notBefore <= scope.clock.now()) return true
  return false
}

function stillIdle(run: ActiveRun): boolean {
  return run.state === 'live' && run.queue.length === 0 && run.busy === 0 && !run.held && !run.fetching && run.open.size > 0
}

/** Parks runs that only wait, to make room for runs that can go on. */
export function parkIdle(scope: Scope): void {
  for (const run of scope.active.values()) if (stillIdle(run) && !run.pausing) park(scope, run, 'waiting', null)
}

/** Stops a run where it is, with a reason that people can act on; it is never lost and never silently failed. */
export function block(scope: Scope, run: ActiveRun, reason: string): void {
  if (run.state !== 'live' && run.state !== 'replaying') return
  if (run.held) return void run.held.push(() => block(scope, run, reason))
  for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'blocked')
  run.queue.length = 0
  scope.observe({ type: 'blocked', run: run.id, workflow: run.row.workflow, reason })
  scope.flusher.add(run.id, 'events', runEvent(run, 'run.blocked', { reason }, scope.clock.now()))
  park(scope, run, 'blocked', reason)
}

/** Hands a run back as ready: another worker, or this one later, replays it. */
export function release(scope: Scope, run: ActiveRun): void {
  if (run.held) return void run.held.push(() => run.state === 'live' && release(scope, run))
  for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'released')
  run.queue.length = 0
  park(scope, run, 'ready', null)
}

function park(scope: Scope, run: ActiveRun, state: ParkRow['state'], reason: string | null): void {
  run.state = 'parking'
  quiet(scope.clock, run)
  const at = state === 'waiting' ? nextTime(run) : null
  const row: ParkRow = {
    org: run.row.org,
    run: run.id,
    state,
    wakes: run.wakes,
    at,
    waits: state === 'waiting' ? waits(run) : [],
    reason,
    nextSeq: run.seq,
    base: run.base,
  }
  if (state === 'paused') scope.flusher.add(run.id, 'events', runEvent(run, 'run.paused', {}, scope.clock.now()))
  scope.flusher.add(run.id, 'parks', row)
  scope.flusher.whenDurable(run.id, (error) => {
    if (error !== null || run.state !== 'parking') return
    failpoint('park.after')
    if (scope.kept.delete(run.id)) return comeBack(scope, run, state, reason)
    run.state = 'parked'
    scope.active.delete(run.id)
    scope.observe({ type: 'parked', state })
    keep(scope, run, state)
    scope.wantClaim(at ?? undefined)
  })
}

/** Somebody poked the run before it was parked: look at what came. */
function comeBack(scope: Scope, run: ActiveRun, state: ParkRow['state'], reason: string | null): void {
  if (state === 'waiting' || state === 'paused') {
    wake(scope, run, run.pausing)
    scope.fetchMessages(run)
    return
  }
  // A blocked or released run goes anyway; only the count of pokes has to be right.
  scope.store.inbox(run.row.org, run.id).then(
    (box) => {
      if (run.state !== 'parking') return
      if (box) run.wakes = box.wakes
      park(scope, run, state, reason)
    },
    (error: unknown) => {
      scope.observe({ type: 'trouble', where: 'park', error: error instanceof Error ? error : new Error(String(error)) })
      scope.clock.setTimeout(() => run.state === 'parking' && comeBack(scope, run, state, reason), RETRY_MS)
    },
  )
}

/** A run that was parked, or replayed, goes on: whatever it waits for is set going (again). */
export function wake(scope: Scope, run: ActiveRun, pausing: boolean): void {
  run.state = 'live'
  run.pausing = pausing
  if (pausing) return
  scope.armDeadline(run)
  for (const open of [...run.open.values()]) if (run.state === 'live' && run.open.get(open.cmd) === open) scope.begin(run, open, false)
}

function keep(scope: Scope, run: ActiveRun, state: ParkRow['state']): void {
  if (state === 'blocked' || state === 'ready') {
    evict(scope.clock, run)
    return
  }
  scope.parked.set(run.id, run)
  if (scope.parked.size <= scope.parkedMax) return
  const oldest = scope.parked.values().next().value
  if (oldest === undefined) return
  scope.parked.delete(oldest.id)
  evict(scope.clock, oldest)
}

function nextTime(run: ActiveRun): number | null {
  let next = run.cancelled ? null : run.row.deadline
  const consider = (at: number | null): void => {
    if (at !== null && (next === null || at < next)) next = at
  }
  for (const open of run.open.values()) {
    if (open.type === 'sleep' || open.type === 'signal') consider(open.until)
    if (open.type === 'step') consider(open.notBefore)
  }
  return next
}

/** At most this many waits are written down; `why` needs no more. */
const WAITS_MAX = 10

function waits(run: ActiveRun): Wait[] {
  const list: Wait[] = []
  for (const open of run.open.values()) {
    if (list.length === WAITS_MAX) break
    if (open.type === 'sleep') list.push({ type: 'timer', until: open.until })
    if (open.type === 'signal') list.push({ type: 'signal', name: open.name, until: open.until })
    if (open.type === 'child') list.push({ type: 'child', run: open.child, workflow: open.name })
    if (open.type === 'step') list.push({ type: 'retry', step: open.name, attempt: open.attempt, until: open.notBefore })
  }
  return list
}
