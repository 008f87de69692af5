import type { ClaimedRun, JournalRow, OrgId, RunId, RunRow, Store } from '../../store/store.ts'
import type { Failure, Json } from '../../workflow/protocol.ts'
import { activate, forget, type LoadedBundle, type SandboxCache } from '../bundles/sandbox-cache.ts'
import { type ActiveRun, newActiveRun, toClaimed } from '../run/active-run.ts'
import { type Replayed, replaySafely } from '../run/replay.ts'

export interface ReplayParts {
  readonly store: Store
  readonly sandboxes: SandboxCache
}

type QueryAnswer = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: Failure }

/**
 * Replays a run without effects, from its generation at row `base`, while a worker may hold the run. The replay has a prefixed id, so that
 * it never collides with the run itself in a sandbox that both use. Free it with `forgetReplay`.
 */
export async function replayInOwnSandbox(
  { store, sandboxes }: ReplayParts,
  row: RunRow,
  base: number,
  bundle: LoadedBundle,
): Promise<{ run: ActiveRun; replayed: Replayed }> {
  const rows = lastGeneration(await store.history(row.org, row.run, base))
  const claimed: ClaimedRun = { ...toClaimed(row), base }
  const run: ActiveRun = { ...newActiveRun(claimed, bundle, row.clockAt), id: `beside/${row.run}` }
  const replayed = replaySafely(sandboxes, run, rows)
  return { run, replayed }
}

/** A run that has ended, or that a worker holds, may be in a later generation than its live row says. */
function lastGeneration(rows: readonly JournalRow[]): readonly JournalRow[] {
  const start = rows.findLastIndex(({ kind }) => kind === 'generation')
  return start < 0 ? rows : rows.slice(start)
}

export function forgetReplay(run: ActiveRun): void {
  forget(run.bundle, run.id)
}

/** Asks a run's query handler by replaying its history in this process. The run may be live or finished. Null: there is no such run. */
export async function queryRun(parts: ReplayParts, org: OrgId, run: RunId, name: string, args: Json): Promise<QueryAnswer | null> {
  const { store, sandboxes } = parts
  const row = await store.run(org, run)
  if (row === null) return null
  const live = await store.live(org, run)
  const bundle = await sandboxes.load(org, live?.bundle ?? row.bundle)
  if (bundle === null)
    return { ok: false, error: { name: 'MissingVersionError', kind: 'error', message: `version ${row.bundle} is not stored` } }
  const apart = await replayInOwnSandbox(parts, row, live?.base ?? 0, bundle)
  try {
    if (apart.replayed.type === 'diverged')
      return { ok: false, error: { name: 'ReplayError', kind: 'error', message: apart.replayed.reason } }
    const delivery = { type: 'query', id: 1, name, args } as const
    const [reaction] = activate(bundle, [{ run: apart.run.id, at: apart.run.at, replaying: true, delivery }])
    if (reaction?.answer === undefined)
      return { ok: false, error: { name: 'QueryError', kind: 'invalid', message: `the workflow has no query named "${name}"` } }
    return reaction.answer.ok ? { ok: true, value: reaction.answer.value } : { ok: false, error: reaction.answer.error }
  } finally {
    forgetReplay(apart.run)
  }
}
