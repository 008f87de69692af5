import { pause } from '../../clock.ts'
import type { AdmittedStart, RunId, RunRow } from '../../store/store.ts'
import { Fenced, HeldByAncestor } from '../../store/store-errors.ts'
import type { Authority, Failure } from '../../workflow/protocol.ts'
import type { LoadedBundle } from '../bundles/sandbox-cache.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, isLive } from '../run/active-run.ts'
import { cancelDroppedChild } from '../run/cancel.ts'
import { deliver, rejected, resolved, whenSafe } from '../run/deliver.ts'
import type { OpenChild } from '../run/open-command.ts'
import { considerIdle } from '../run/park.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { isPlain, limitsOf, startedEvent, toRunRow } from '../start/plan-start.ts'
import { submitStart } from '../start/submit-start.ts'

const RETRY_MS = 200
const DEDUPE_WINDOW_MS = 24 * 3_600_000

/** Starts a child. Its id depends only on the parent and the command, so a second start after a crash has no effect. */
export function startChild(scope: WorkerScope, run: ActiveRun, open: OpenChild, fresh: boolean): void {
  open.begun = 'requested'
  run.busy++
  run.starting++
  void startWithRetries(scope, run, open, fresh).finally(() => {
    run.busy--
    run.starting--
    // The parent dropped the child while its start was in progress. The request to stop may have arrived before the start.
    if (isLive(run) && run.open.get(open.cmd) !== open) cancelDroppedChild(scope, run, open)
    open.begun = 'yes'
    considerIdle(scope, run)
  })
}

/** Repeats a start that got no answer. The id stays the same, so the child starts once. */
async function startWithRetries(scope: WorkerScope, run: ActiveRun, open: OpenChild, fresh: boolean): Promise<void> {
  for (let isFresh = fresh; !isGone(run, open); isFresh = false) {
    try {
      const bundle = await bundleFor(scope, run, open)
      if (isGone(run, open)) return
      if (bundle === null) return fail(scope, run, open, 'NoSuchWorkflowError', `there is no workflow named "${open.name}"`)
      return await start(scope, run, open, bundle, isFresh)
    } catch (error) {
      if (isGone(run, open)) return
      if (error instanceof Fenced) return scope.flusher.abandon(error)
      if (error instanceof HeldByAncestor) return fail(scope, run, open, 'LimitHeldError', describeHolder(run, error))
      scope.observe({ type: 'trouble', where: 'child', error: toError(error) })
      await pause(scope.clock, RETRY_MS)
    }
  }
}

/**
 * The requested version; else the parent's own if it contains the workflow; else the org's default. Null: it does not exist, or it is
 * internal: only an internal workflow starts one, of its own bundle.
 */
async function bundleFor(scope: WorkerScope, run: ActiveRun, open: OpenChild): Promise<LoadedBundle | null> {
  const { version } = open.command.options
  if (scope.isInternal(open.name))
    return scope.isInternal(run.row.workflow) && (version ?? run.bundle.hash) === run.bundle.hash ? run.bundle : null
  if (version === undefined && run.bundle.workflows.has(open.name)) return run.bundle
  const hash = version ?? (await scope.store.defaultBundle(run.row.org, open.name))
  return hash === null ? null : scope.sandboxes.load(run.row.org, hash)
}

async function start(scope: WorkerScope, run: ActiveRun, open: OpenChild, bundle: LoadedBundle, fresh: boolean): Promise<void> {
  const { options, detached } = open.command
  const manifest = bundle.workflows.get(open.name)
  if (manifest === undefined) return fail(scope, run, open, 'NoSuchWorkflowError', `there is no workflow named "${open.name}"`)
  const request = {
    org: run.row.org,
    workflow: open.name,
    input: open.command.input,
    ...authorityOfChild(scope, run, open),
    queue: options.queue ?? manifest.options.queue ?? run.row.queue,
    priority: options.priority ?? manifest.options.priority ?? run.row.priority,
    ...(options.tags ? { tags: options.tags } : {}),
    ...(options.timeoutMs ? { timeoutMs: options.timeoutMs } : {}),
    ...(options.dedupeKey ? { dedupe: { key: options.dedupeKey, windowMs: DEDUPE_WINDOW_MS, reuse: options.dedupeReuse ?? 'never' } } : {}),
  }
  const now = Math.max(scope.clock.now(), run.at)
  const parent = detached ? null : { run: run.id, cmd: open.cmd, close: options.parentClose ?? 'cancel' }
  const row = toRunRow(request, { input: open.input, manifest, bundle: bundle.hash, run: open.child, now, parent })
  const limits = limitsOf(request, manifest)
  // An earlier incarnation of the parent may have started the child. Then the child exists, was announced, and may be running.
  const exists = !fresh && (await scope.store.run(run.row.org, open.child)) !== null
  let child: RunId = open.child
  if (!exists && isPlain(limits)) {
    if (isGone(run, open)) return
    startPlainly(scope, run, row, fresh)
  } else if (!exists) {
    // A plain start goes out with the flush that contains everything it depends on (Invariant I3), under that flush's fence (I5). This
    // start has a transaction of its own and must ensure both.
    await new Promise<void>((resolve) => whenSafe(scope, run, resolve))
    if (isGone(run, open)) return
    const admitted: AdmittedStart = { ...row, ...limits, worker: scope.worker(), at: null, event: startedEvent(row) }
    const outcome = await scope.store.startAdmitted(admitted)
    child = outcome.run
    scope.announceStart(outcome, row.queue)
  }
  if (isGone(run, open)) return
  if (detached) deliver(scope, run, resolved(open, JSON.stringify(run.bundle.ids.run(child)), 0, now))
  else if (child !== open.child)
    fail(scope, run, open, 'KeyTakenError', `its key is held by run ${run.bundle.ids.run(child)}, which reports to the run that started it`)
}

/** That of the parent, with one of its grants. Grants do not leave internal workflows. */
function authorityOfChild(scope: WorkerScope, { row }: ActiveRun, { name, command }: OpenChild): { readonly authority?: Authority } {
  if (row.authority === null) return {}
  const { scopes, grants } = row.authority
  const { assume } = command.options
  const isInternal = scope.isInternal(name)
  const granted = isInternal && assume !== undefined && Object.hasOwn(grants, assume) ? (grants[assume] ?? []) : []
  return { authority: { scopes: [...new Set([...scopes, ...granted])], grants: isInternal ? grants : {} } }
}

function describeHolder({ bundle }: ActiveRun, { limit, holder }: HeldByAncestor): string {
  return `limit "${limit}" is held by run ${bundle.ids.run(holder)}, which does not end before this child does, so the child could never start`
}

/** While we waited, the run was lost, has ended, or dropped the command. */
const isGone = (run: ActiveRun, open: OpenChild): boolean => !isLive(run) || run.open.get(open.cmd) !== open

/** This worker may take a fresh child at once. A child that may already exist is left to a claim. */
function startPlainly(scope: WorkerScope, run: ActiveRun, row: RunRow, fresh: boolean): void {
  submitStart(scope.starts, { row, at: null, unit: run.id, local: fresh, companions: [], done: () => {} })
}

function fail(scope: WorkerScope, run: ActiveRun, open: OpenChild, name: string, message: string): void {
  const error: Failure = { name, kind: 'child_failed', message }
  if (run.open.get(open.cmd) === open && run.phase.type !== 'ending') deliver(scope, run, rejected(open, error, 0, run.at))
}
