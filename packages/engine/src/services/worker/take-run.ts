import type { BundleHost } from '../../sandbox/bundle-host.ts'
import type { ClaimedRun, JournalRow } from '../../store/store.ts'
import { type LoadedBundle, plainIds } from '../bundles/sandbox-cache.ts'
import { continueRun, endRun } from '../command/begin-command.ts'
import { type ActiveRun, hasCoroutine, isLive, newActiveRun } from '../run/active-run.ts'
import { armDeadline, cancelDroppedChild } from '../run/cancel.ts'
import { record } from '../run/deliver.ts'
import { marker, startDelivery } from '../run/open-command.ts'
import { block, considerIdle, parkAgain } from '../run/park.ts'
import { replay } from '../run/replay.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { readAgain, readInbox, readThenContinue } from './read-inbox.ts'

/** Begins a run without history, whose bundle is loaded. */
export function beginFresh(scope: WorkerScope, row: ClaimedRun, bundle: LoadedBundle): ActiveRun {
  const run = newActiveRun(row, bundle, scope.clock.now())
  if (row.begun) run.phase = { type: 'repeating', pausing: row.pauseRequested }
  scope.active.set(run.id, run)
  run.queue.push({ run: run.id, at: run.at, replaying: false, delivery: startDelivery(run, row.input, []) })
  scope.turns.schedule(run)
  // After that, since the time may be over.
  armDeadline(scope, run)
  return run
}

/** Takes a claimed run: from the cache if its coroutine is still here, else by replay. */
export async function takeRun(scope: WorkerScope, row: ClaimedRun): Promise<void> {
  const worker = scope.worker()
  const cached = scope.parked.get(row.run)
  scope.parked.delete(row.run)
  if (cached && cached.phase.type === 'parked' && cached.seq === row.nextSeq && hasCoroutine(cached))
    return continueCached(scope, cached, row)
  const rows = isFresh(row) ? [] : await scope.store.history(row.org, row.run, row.base)
  const version = rows.findLast((entry) => entry.kind === 'version')?.name
  const bundle = await scope.sandboxes.load(row.org, version ?? row.bundle)
  // Invariant (I5): the registration that claimed the run may be gone by now, and another worker may hold the run.
  if (worker !== scope.worker()) return
  if (bundle === null)
    return refuse(
      scope,
      row,
      `The version ${version ?? row.bundle} of workflow "${row.workflow}" is not stored. Deploy it again, or resume the run on another version.`,
    )
  if (!bundle.workflows.has(row.workflow))
    return refuse(scope, row, `The version ${bundle.hash} has no workflow named "${row.workflow}".`, bundle)
  if (rows.length === 0 && isFresh(row)) {
    const run = beginFresh(scope, row, bundle)
    if (row.wakes > 0) readInbox(scope, run)
    return
  }
  await continueReplayed(scope, row, bundle, rows)
}

function isFresh(row: ClaimedRun): boolean {
  return row.nextSeq === 1 && row.base === 0
}

function continueCached(scope: WorkerScope, run: ActiveRun, row: ClaimedRun): void {
  run.wakes = row.wakes
  scope.active.set(run.id, run)
  if (row.wakes > 0) return readThenContinue(scope, run, row.pauseRequested)
  continueRun(scope, run, row.pauseRequested)
  considerIdle(scope, run)
}

async function continueReplayed(scope: WorkerScope, row: ClaimedRun, bundle: LoadedBundle, rows: readonly JournalRow[]): Promise<void> {
  const run = newActiveRun(row, bundle, scope.clock.now())
  run.phase = { type: 'repeating', pausing: row.pauseRequested }
  scope.active.set(run.id, run)
  const replayed = await replay(run, rows)
  // It was released, blocked or lost meanwhile. If its call failed too, the next call into the bundle notices that.
  if (run.phase.type !== 'repeating' || replayed.type === 'gone') return
  if (replayed.type === 'failed') return scope.failed(bundle, [run], replayed.error)
  run.phase = { type: 'live', pausing: row.pauseRequested, linger: null }
  scope.observe({ type: 'replayed', workflow: row.workflow, rows: rows.length })
  if (replayed.type === 'diverged') {
    block(scope, run, `Replay does not fit the history. ${replayed.reason} Deploy code that fits, then resume the run.`)
    return
  }
  for (const patch of replayed.patches) record(scope, run, marker('patch', patch, run.at))
  // The lost worker may not have sent the requests to stop.
  for (const child of replayed.takenBack) cancelDroppedChild(scope, run, child)
  // An earlier incarnation may have read messages without receiving them, and others may have arrived during the replay.
  const hasMessages = row.wakes > 0 || run.inbox === 'again'
  if (replayed.completion) endRun(scope, run, replayed.completion)
  else if (hasMessages) return readThenContinue(scope, run, row.pauseRequested)
  else continueRun(scope, run, row.pauseRequested)
  if (!isLive(run)) return
  // A run that continues as new still waits for its messages.
  if (hasMessages) readAgain(scope, run)
  else considerIdle(scope, run)
}

/** The last flush did not park the run, because a message or another poke came first. */
export function continueKept(scope: WorkerScope, run: ActiveRun): void {
  const { phase } = run
  if (phase.type !== 'parking') return
  if (phase.state === 'blocked' || phase.state === 'ready') return parkAgain(scope, run, phase)
  if (!hasCoroutine(run)) return parkAgain(scope, run, { ...phase, state: 'ready' })
  readThenContinue(scope, run, phase.state === 'paused')
}

/** Blocks a run that cannot be replayed here at all. */
function refuse(scope: WorkerScope, row: ClaimedRun, reason: string, bundle?: LoadedBundle): void {
  const run = newActiveRun(row, bundle ?? placeholder(row), scope.clock.now())
  scope.active.set(run.id, run)
  block(scope, run, reason)
}

/** A stand-in for a bundle that is not stored. It executes no code. */
function placeholder(row: ClaimedRun): LoadedBundle {
  const host: BundleHost = {
    activate: async () => [],
    validateInputs: async () => [],
    describe: async () => ({ protocol: 0, workflows: [] }),
    locate: async (stacks) => stacks,
    dispose: () => {},
  }
  return {
    org: row.org,
    hash: row.bundle,
    code: '',
    manifest: { protocol: 0, workflows: [] },
    map: null,
    workflows: new Map(),
    ids: plainIds,
    host,
    forgotten: [],
  }
}
