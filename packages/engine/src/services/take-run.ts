import type { ClaimedRun, JournalRow } from '../store/store.ts'
import type { ActiveRun } from './active-run.ts'
import { newActiveRun } from './active-run.ts'
import { takeBackChild } from './close-child.ts'
import { note } from './deliver.ts'
import { marker, startDelivery } from './open-command.ts'
import { replaySafely } from './replay.ts'
import { type LoadedBundle, plainIds } from './sandbox-cache.ts'
import type { Scope } from './scope.ts'
import { CRASHES_MAX } from './scope.ts'

/** Begins a run that has no history; its bundle is at hand. */
export function beginFresh(scope: Scope, row: ClaimedRun, bundle: LoadedBundle): ActiveRun {
  const run = newActiveRun(row, bundle, scope.clock.now())
  run.mayRepeat = row.begun
  scope.active.set(run.id, run)
  scope.armDeadline(run)
  run.queue.push({ run: run.id, at: run.at, replaying: false, delivery: startDelivery(run, row.input, []) })
  scope.schedule(run)
  return run
}

/** Goes on with a claimed run: from the cache if its coroutine is still here, else by replay. */
export async function takeRun(scope: Scope, row: ClaimedRun): Promise<void> {
  const worker = scope.worker()
  const cached = scope.parked.get(row.run)
  scope.parked.delete(row.run)
  if (cached && cached.state === 'parked' && cached.seq === row.nextSeq) return comeBack(scope, cached, row)
  const rows = isFresh(row) ? [] : await scope.store.history(row.org, row.run, row.base)
  const version = rows.findLast((entry) => entry.kind === 'version')?.name
  const bundle = await scope.sandboxes.load(row.org, version ?? row.bundle)
  // Invariant (I5): the registration it was claimed under may be gone by now, and the run somebody else's.
  if (worker !== scope.worker()) return
  if (bundle === null)
    return refuse(
      scope,
      row,
      `The version ${version ?? row.bundle} of workflow "${row.workflow}" is not stored. Deploy it again, or resume the run on another version.`,
    )
  if (!bundle.workflows.has(row.workflow))
    return refuse(scope, row, `The version ${bundle.hash} has no workflow named "${row.workflow}".`, bundle)
  if (row.crashes > CRASHES_MAX)
    return refuse(
      scope,
      row,
      `${row.crashes} workers were lost while they had this run and it made no progress. Look at its last step, then resume it.`,
      bundle,
    )
  if (rows.length === 0 && isFresh(row)) {
    const run = beginFresh(scope, row, bundle)
    if (row.wakes > 0) scope.fetchMessages(run)
    return
  }
  goOn(scope, row, bundle, rows)
}

function isFresh(row: ClaimedRun): boolean {
  return row.nextSeq === 1 && row.crashes === 0 && row.base === 0
}

function comeBack(scope: Scope, run: ActiveRun, row: ClaimedRun): void {
  run.wakes = row.wakes
  scope.active.set(run.id, run)
  scope.wake(run, row.pauseRequested)
  if (run.state !== 'live') return
  if (row.wakes > 0) scope.fetchMessages(run)
  else scope.considerIdle(run)
}

function goOn(scope: Scope, row: ClaimedRun, bundle: LoadedBundle, rows: readonly JournalRow[]): void {
  const run = newActiveRun(row, bundle, scope.clock.now())
  run.state = 'replaying'
  scope.active.set(run.id, run)
  const replayed = replaySafely(scope, run, rows)
  scope.observe({ type: 'replayed', workflow: row.workflow, rows: rows.length })
  if (replayed.type === 'diverged') {
    scope.block(run, `Replay does not fit the history. ${replayed.reason} Deploy code that fits, then resume the run.`)
    return
  }
  run.state = 'live'
  for (const patch of replayed.patches) note(scope, run, marker('patch', patch, run.at))
  // The requests to stop may have been lost with the worker that was to send them.
  for (const child of replayed.takenBack) takeBackChild(scope, run, child)
  if (replayed.completion) scope.endWith(run, replayed.completion)
  else scope.wake(run, row.pauseRequested)
  if (run.state !== 'live') return
  // An earlier incarnation may have left messages that were read but not received; a run that continues as new waits for them still.
  if (row.wakes > 0) scope.fetchMessages(run)
  else scope.considerIdle(run)
}

/** Blocks a run that cannot even be replayed here. */
function refuse(scope: Scope, row: ClaimedRun, reason: string, bundle?: LoadedBundle): void {
  const run = newActiveRun(row, bundle ?? missing(row), scope.clock.now())
  scope.active.set(run.id, run)
  scope.block(run, reason)
}

function missing(row: ClaimedRun): LoadedBundle {
  const sandbox = {
    activate: () => [],
    activateText: () => '[]',
    validateInputs: () => [],
    describe: () => ({ protocol: 0, workflows: [] }),
    dispose: () => {},
  }
  return {
    org: row.org,
    hash: row.bundle,
    code: '',
    manifest: { protocol: 0, workflows: [] },
    workflows: new Map(),
    ids: plainIds,
    sandbox,
    forgotten: [],
  }
}
