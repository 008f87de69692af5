import type { ParkRow, Wait } from '../../store/store.ts'
import { Ambiguous } from '../../store/store-errors.ts'
import { failpoint } from '../failpoints.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, isLive, type Phase } from './active-run.ts'
import { finish } from './finish.ts'
import { abortStep } from './open-command.ts'
import { runEvent } from './run-event.ts'
import { clearTimers, evict } from './timers.ts'
import { hasRoom, type WorkerScope } from './worker-scope.ts'

/** A run whose wait is at most this long stays in memory. A longer wait parks it. */
const STAY_MS = 2000
/** A run with nothing to do keeps its slot this long, in case an outcome arrives at once. */
const LINGER_MS = 50
const RETRY_MS = 200

/** Called whenever a run may have no work left here. Decides whether it keeps its slot. */
export function considerIdle(scope: WorkerScope, run: ActiveRun): void {
  const { phase } = run
  switch (phase.type) {
    case 'ending':
      if (isIdle(run)) finish(scope, run, phase.completion)
      return
    case 'live':
      if (isIdle(run)) considerParking(scope, run, phase)
      return
    // Before its first turn a run has work to do. In the other phases this process must not act for it.
    case 'repeating':
    case 'parking':
    case 'parked':
    case 'gone':
      return
  }
}

/** No work is in progress here for the run: no turn, no step, no commit, no reading of messages. */
function isIdle(run: ActiveRun): boolean {
  return run.queue.length === 0 && !run.turning && run.busy === 0 && run.held === null && run.inbox === 'idle'
}

function considerParking(scope: WorkerScope, run: ActiveRun, phase: Extract<Phase, { type: 'live' }>): void {
  if (phase.pausing) return park(scope, run, 'paused', null)
  if (run.open.size === 0) {
    block(scope, run, 'The workflow waits for something that is not a step, a timer, a signal or a child, so it can never continue.')
    return
  }
  if (scope.stopping) return park(scope, run, hasStartableStep(scope, run) ? 'ready' : 'waiting', null)
  if (!hasRoom(scope)) return park(scope, run, 'waiting', null)
  const at = nextTime(run)
  if (at !== null && at - scope.clock.now() <= STAY_MS) return
  phase.linger ??= scope.clock.setTimeout(() => {
    if (run.phase.type === 'live') run.phase.linger = null
    if (onlyWaits(run)) park(scope, run, 'waiting', null)
  }, LINGER_MS)
}

function hasStartableStep(scope: WorkerScope, run: ActiveRun): boolean {
  for (const open of run.open.values()) if (open.type === 'step' && open.notBefore <= scope.clock.now()) return true
  return false
}

/** Nothing is in progress here for the run, and nothing is due. */
export function onlyWaits(run: ActiveRun): boolean {
  return run.phase.type === 'live' && !run.phase.pausing && isIdle(run) && run.open.size > 0
}

/** Parks runs that only wait, to make room for runs with work to do. */
export function parkIdle(scope: WorkerScope): void {
  for (const run of scope.active.values()) if (onlyWaits(run)) park(scope, run, 'waiting', null)
}

/** Stops a run where it is, with a reason that people can act on, instead of losing it or failing it silently. */
export function block(scope: WorkerScope, run: ActiveRun, reason: string): void {
  if (!isLive(run)) return
  if (run.held) return void run.held.push(() => block(scope, run, reason))
  for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'blocked')
  run.queue.length = 0
  scope.flusher.add(run.id, 'events', runEvent(run, 'run.blocked', { reason }, scope.clock.now()))
  park(scope, run, 'blocked', reason)
}

const REASON_REFUSED_TOO = 'The database refused what the run wanted to write, and the reason with it.'

/**
 * Blocks a run, in whatever phase it is, because the store refused its rows. Those that are not written do not count, so its next number is
 * read from the store.
 */
export function blockRefused(scope: WorkerScope, run: ActiveRun, reason: string): void {
  if (scope.active.get(run.id) !== run) return
  if (run.held) return void run.held.push(() => blockRefused(scope, run, reason))
  const { phase: before } = run
  const isAgain = before.type === 'parking' && before.state === 'blocked'
  if (isAgain && before.reason === REASON_REFUSED_TOO) return scope.flusher.abandon(new Ambiguous('the store refuses to block a run'))
  for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'blocked')
  run.queue.length = 0
  clearTimers(scope.clock, run)
  const phase = { type: 'parking', state: 'blocked', reason: isAgain ? REASON_REFUSED_TOO : reason } as const
  run.phase = phase
  void readPlace(scope, run, phase)
}

async function readPlace(scope: WorkerScope, run: ActiveRun, phase: Extract<Phase, { type: 'parking' }>): Promise<void> {
  try {
    const rows = await scope.store.history(run.row.org, run.id, run.row.base)
    if (run.phase !== phase) return
    const base = rows.findLast(({ kind }) => kind === 'generation')?.seq ?? run.row.base
    run.seq = (rows.at(-1)?.seq ?? run.row.nextSeq - 1) + 1
    run.generation = { ...run.generation, base }
    scope.flusher.add(run.id, 'events', runEvent(run, 'run.blocked', { reason: phase.reason ?? '' }, scope.clock.now()))
    parkAgain(scope, run, phase)
  } catch (error) {
    scope.observe({ type: 'trouble', where: 'park', error: toError(error) })
    scope.clock.setTimeout(() => run.phase === phase && void readPlace(scope, run, phase), RETRY_MS)
  }
}

/** Returns a run as ready. Another worker, or this one later, replays it. */
export function release(scope: WorkerScope, run: ActiveRun): void {
  if (run.held) return void run.held.push(() => isLive(run) && release(scope, run))
  for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'released')
  run.queue.length = 0
  park(scope, run, 'ready', null)
}

/** Returns the run's slot. If a message arrives before the flush, the run is not parked: see `continueKept`. */
function park(scope: WorkerScope, run: ActiveRun, state: ParkRow['state'], reason: string | null): void {
  clearTimers(scope.clock, run)
  const phase: Phase = { type: 'parking', state, reason }
  run.phase = phase
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
    base: run.generation.base,
  }
  if (state === 'paused') scope.flusher.add(run.id, 'events', runEvent(run, 'run.paused', {}, scope.clock.now()))
  scope.flusher.add(run.id, 'parks', row)
  scope.flusher.whenDurable(run.id, (error) => {
    if (error !== null || run.phase !== phase) return
    failpoint('park.after')
    run.phase = { type: 'parked' }
    scope.active.delete(run.id)
    scope.observe({ type: 'parked', state })
    if (state === 'blocked') scope.observe({ type: 'blocked', run: run.id, workflow: run.row.workflow, reason: reason ?? '' })
    if (state !== 'ready') scope.suspects.delete(run.id)
    keep(scope, run, state)
    scope.wantClaim(at ?? undefined)
  })
}

/** For a run that leaves this worker regardless of its messages: only the count of pokes has to be right. */
export function parkAgain(scope: WorkerScope, run: ActiveRun, { state, reason }: Extract<Phase, { type: 'parking' }>): void {
  const phase: Phase = { type: 'parking', state, reason }
  run.phase = phase
  scope.store.inbox(run.row.org, run.id).then(
    (box) => {
      if (run.phase !== phase) return
      if (box) run.wakes = box.wakes
      const order = state === 'blocked' ? box?.messages.find(({ kind }) => kind === 'cancel' || kind === 'terminate') : undefined
      if (order && 'reason' in order) endBlocked(scope, run, order.reason)
      else park(scope, run, state, reason)
    },
    (error: unknown) => {
      scope.observe({ type: 'trouble', where: 'park', error: toError(error) })
      scope.clock.setTimeout(() => run.phase === phase && parkAgain(scope, run, phase), RETRY_MS)
    },
  )
}

/** Its code cannot continue, so there is no cleanup to wait for. The store does the same for a run that is blocked already. */
function endBlocked(scope: WorkerScope, run: ActiveRun, reason: string): void {
  run.generation.cancelled = reason
  finish(scope, run, { type: 'cancelled', timedOut: false })
}

function keep(scope: WorkerScope, run: ActiveRun, state: ParkRow['state']): void {
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
  let next = run.generation.cancelled === null ? run.row.deadline : null
  const consider = (at: number | null): void => {
    if (at !== null && (next === null || at < next)) next = at
  }
  for (const open of run.open.values()) {
    if (open.type === 'sleep' || open.type === 'signal') consider(open.until)
    if (open.type === 'step') consider(open.notBefore)
  }
  return next
}

/** The maximum number of waits stored for `why`. */
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
