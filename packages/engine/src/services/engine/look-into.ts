import type { BuiltBundle, DeployFinding, Why } from '../../api.ts'
import type { ClaimedRun, LiveRow, OrgId, RunId, RunRow, Store } from '../../store/store.ts'
import type { Failure, Json } from '../../workflow/protocol.ts'
import { activate, forget, type LoadedBundle, type SandboxCache } from '../bundles/sandbox-cache.ts'
import { observeNothing } from '../observe.ts'
import { type ActiveRun, newActiveRun, toClaimed } from '../run/active-run.ts'
import { type Replayed, replaySafely } from '../run/replay.ts'

type Answer = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: Failure }

/**
 * Replays a run beside whoever has it, without effects. The id is prefixed so that it never meets the run itself in a sandbox that both
 * use.
 */
async function replayBeside(
  store: Store,
  sandboxes: SandboxCache,
  row: RunRow,
  base: number,
  bundle: LoadedBundle,
): Promise<{ run: ActiveRun; replayed: Replayed }> {
  const found = await store.history(row.org, row.run, base)
  // A run that has ended, or that a worker has, may be in a later generation than its live row says.
  const rows = found.slice(
    Math.max(
      0,
      found.findLastIndex(({ kind }) => kind === 'generation'),
    ),
  )
  const claimed: ClaimedRun = { ...toClaimed(row), base }
  const run: ActiveRun = { ...newActiveRun(claimed, bundle, row.clockAt), id: `beside/${row.run}` }
  const replayed = replaySafely({ sandboxes, observe: observeNothing }, run, rows)
  return { run, replayed }
}

function leave(run: ActiveRun): void {
  forget(run.bundle, run.id)
}

/** Asks a run's query handler, live or finished, in this process, by replaying its history. Null: no such run. */
export async function queryRun(
  store: Store,
  sandboxes: SandboxCache,
  org: OrgId,
  run: RunId,
  name: string,
  args: Json,
): Promise<Answer | null> {
  const row = await store.run(org, run)
  if (row === null) return null
  const live = await store.live(org, run)
  const bundle = await sandboxes.load(org, live?.bundle ?? row.bundle)
  if (bundle === null)
    return { ok: false, error: { name: 'MissingVersionError', kind: 'error', message: `version ${row.bundle} is not stored` } }
  const beside = await replayBeside(store, sandboxes, row, live?.base ?? 0, bundle)
  try {
    if (beside.replayed.type === 'diverged')
      return { ok: false, error: { name: 'ReplayError', kind: 'error', message: beside.replayed.reason } }
    const reaction = activate(bundle, [
      { run: beside.run.id, at: beside.run.at, replaying: true, delivery: { type: 'query', id: 1, name, args } },
    ])[0]
    if (reaction?.answer === undefined)
      return { ok: false, error: { name: 'QueryError', kind: 'invalid', message: `the workflow has no query named "${name}"` } }
    return reaction.answer.ok ? { ok: true, value: reaction.answer.value } : { ok: false, error: reaction.answer.error }
  } finally {
    leave(beside.run)
  }
}

const PAGE = 200

/** Would `built` carry on the live runs of its workflows? Each is replayed against it; nothing is changed. */
export async function* checkDeploy(store: Store, sandboxes: SandboxCache, org: OrgId, built: BuiltBundle): AsyncIterable<DeployFinding> {
  const bundle = sandboxes.open(org, built.hash, built.code, built.manifest)
  try {
    for (const workflow of bundle.workflows.keys()) {
      let after: RunId | null = null
      for (;;) {
        const page: readonly LiveRow[] = await store.liveRuns(org, workflow, after, PAGE)
        for (const live of page) {
          const finding = await checkRun(store, sandboxes, bundle, live)
          if (finding) yield finding
        }
        after = page.at(-1)?.run ?? null
        if (page.length < PAGE || after === null) break
      }
    }
  } finally {
    bundle.sandbox.dispose()
  }
}

async function checkRun(store: Store, sandboxes: SandboxCache, bundle: LoadedBundle, live: LiveRow): Promise<DeployFinding | null> {
  const row = await store.run(live.org, live.run)
  // A run that ended since the page was read is no longer in question.
  if (row === null) return null
  const beside = await replayBeside(store, sandboxes, row, live.base, bundle)
  leave(beside.run)
  const diverged = beside.replayed.type === 'diverged' ? beside.replayed.reason : null
  return { run: live.run, workflow: live.workflow, ok: diverged === null, reason: diverged }
}

/** An answer for every live run to "why is it not running?". */
export async function explainRun(store: Store, org: OrgId, run: RunId, now: number): Promise<Why> {
  const live = await store.live(org, run)
  if (live === null) return { state: 'gone', summary: 'The run has ended, or never was.', waits: [], facts: {} }
  const facts = { queue: live.queue, priority: live.priority, crashes: live.crashes, rows: live.nextSeq - 1, version: live.bundle }
  return { state: live.state, summary: summarize(live, now), waits: live.waits, facts }
}

function summarize(live: LiveRow, now: number): string {
  const inTime = (at: number): string => {
    if (at <= now) return 'now'
    // Nobody counts further than this in seconds.
    return at - now < 120_000 ? `in ${Math.ceil((at - now) / 1000)} s` : `at ${new Date(at).toISOString()}`
  }
  switch (live.state) {
    case 'running':
      return live.pauseRequested
        ? 'A worker has it and pauses it once its steps in progress are done.'
        : `Worker ${live.worker ?? '?'} has it.`
    case 'ready':
      return `It waits for a worker of queue "${live.queue}" with a free slot.`
    case 'gated':
      return `It waits for limit "${live.gate ?? '?'}": as many runs as allowed hold it.`
    case 'paused':
      return 'It is paused. Resume it to go on.'
    case 'blocked':
      return live.reason ?? 'It is blocked.'
    case 'waiting': {
      const [first] = live.waits
      if (first === undefined) return live.at === null ? 'It waits.' : `Its start is due ${inTime(live.at)}.`
      const more = live.waits.length > 1 ? ` (and ${live.waits.length - 1} more)` : ''
      switch (first.type) {
        case 'timer':
          return `It sleeps; it wakes ${inTime(first.until)}${more}.`
        case 'signal':
          return `It waits for signal "${first.name}"${first.until === null ? '' : `, at the longest until ${new Date(first.until).toISOString()}`}${more}.`
        case 'child':
          return `It waits for its child ${first.run} (workflow "${first.workflow}")${more}.`
        case 'retry':
          return `Step "${first.step}" failed; attempt ${first.attempt} starts ${inTime(first.until)}${more}.`
      }
    }
  }
}
