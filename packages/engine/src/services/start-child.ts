import type { AdmittedStart, RunId, RunRow } from '../store/store.ts'
import { Fenced } from '../store/store.ts'
import type { Failure } from '../workflow/protocol.ts'
import type { ActiveRun } from './active-run.ts'
import { takeBackChild } from './close-child.ts'
import { deliver, rejected, resolved, whenSafe } from './deliver.ts'
import type { OpenChild } from './open-command.ts'
import { isPlain, limitsOf, toRunRow } from './plan-start.ts'
import { startedEvent } from './run-event.ts'
import type { LoadedBundle } from './sandbox-cache.ts'
import type { Scope } from './scope.ts'

const RETRY_MS = 200

/** Starts a child. Its id depends on the parent and the command alone, so that starting it again after a crash does nothing. */
export function startChild(scope: Scope, run: ActiveRun, open: OpenChild, fresh: boolean): void {
  open.begun = 'asked'
  run.busy++
  run.starting++
  void startSurely(scope, run, open, fresh).finally(() => {
    run.busy--
    run.starting--
    // Taken back while its start was on its way: the request to stop may have come before it.
    if (run.state === 'live' && run.open.get(open.cmd) !== open) takeBackChild(scope, run, open)
    open.begun = 'yes'
    scope.considerIdle(run)
  })
}

/** A start that got no answer is asked for again; its id is the same, so it happens once. */
async function startSurely(scope: Scope, run: ActiveRun, open: OpenChild, fresh: boolean): Promise<void> {
  for (let isFresh = fresh; !isGone(run, open); isFresh = false) {
    try {
      const bundle = await bundleFor(scope, run, open)
      if (isGone(run, open)) return
      if (bundle === null) return fail(scope, run, open, 'NoSuchWorkflowError', `there is no workflow named "${open.name}"`)
      return await start(scope, run, open, bundle, isFresh)
    } catch (error) {
      if (isGone(run, open)) return
      if (error instanceof Fenced) return scope.lost(error)
      scope.observe({ type: 'trouble', where: 'child', error: error instanceof Error ? error : new Error(String(error)) })
      await new Promise<void>((resolve) => scope.clock.setTimeout(resolve, RETRY_MS))
    }
  }
}

/** The version asked for; else the parent's own if it has the workflow, else the org's default. */
async function bundleFor(scope: Scope, run: ActiveRun, open: OpenChild): Promise<LoadedBundle | null> {
  const { version } = open.command.options
  if (version === undefined && run.bundle.workflows.has(open.name)) return run.bundle
  const hash = version ?? (await scope.store.defaultBundle(run.row.org, open.name))
  return hash === null ? null : scope.sandboxes.load(run.row.org, hash)
}

async function start(scope: Scope, run: ActiveRun, open: OpenChild, bundle: LoadedBundle, fresh: boolean): Promise<void> {
  const { options, detached } = open.command
  const manifest = bundle.workflows.get(open.name)
  if (manifest === undefined) return fail(scope, run, open, 'NoSuchWorkflowError', `there is no workflow named "${open.name}"`)
  const request = {
    org: run.row.org,
    workflow: open.name,
    input: open.command.input,
    queue: options.queue ?? manifest.options.queue ?? run.row.queue,
    priority: options.priority ?? manifest.options.priority ?? run.row.priority,
    ...(options.tags ? { tags: options.tags } : {}),
    ...(options.timeoutMs ? { timeoutMs: options.timeoutMs } : {}),
  }
  const now = Math.max(scope.clock.now(), run.at)
  const parent = detached ? null : { run: run.id, cmd: open.cmd }
  const row = toRunRow(request, open.input, manifest, bundle.hash, open.child, now, parent)
  const limits = limitsOf(
    { ...request, ...(options.dedupeKey ? { dedupe: { key: options.dedupeKey, windowMs: 24 * 3_600_000 } } : {}) },
    manifest,
  )
  // A replay may have begun it before: then it is there, announced, and perhaps at work.
  const isThere = !fresh && (await scope.store.run(run.row.org, open.child)) !== null
  let child: RunId = open.child
  if (!isThere && isPlain(limits)) {
    if (isGone(run, open)) return
    plainStart(scope, run, row, fresh)
  } else if (!isThere) {
    // A plain start goes out with the flush that has what it depends on (Invariant I3) and with its fence (I5); this one makes a transaction of
    // its own, and sees to both.
    await new Promise<void>((resolve) => whenSafe(scope, run, resolve))
    if (isGone(run, open)) return
    const start: AdmittedStart = { ...row, ...limits, worker: scope.worker(), at: null, event: startedEvent(row) }
    const outcome = await scope.store.startAdmitted(start)
    child = outcome.run
    scope.tellStarted(outcome)
  }
  if (isGone(run, open)) return
  if (detached) deliver(scope, run, resolved(open, JSON.stringify(run.bundle.ids.run(child)), 0, now))
  else if (child !== open.child)
    fail(scope, run, open, 'KeyTakenError', `its key is held by run ${run.bundle.ids.run(child)}, which answers to who started it`)
}

/** The run was lost or has ended, or took the command back, while we waited for something. */
const isGone = (run: ActiveRun, open: OpenChild): boolean => run.state !== 'live' || run.open.get(open.cmd) !== open

/** A fresh child may be taken by this worker at once; one that may exist already is left to a claim. */
function plainStart(scope: Scope, run: ActiveRun, row: RunRow, fresh: boolean): void {
  scope.submit({ row, at: null, unit: run.id, local: fresh, companions: [], done: () => {} })
}

function fail(scope: Scope, run: ActiveRun, open: OpenChild, name: string, message: string): void {
  const error: Failure = { name, kind: 'child_failed', message }
  if (run.open.get(open.cmd) === open && !run.ending) deliver(scope, run, rejected(open, error, 0, run.at))
}
