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

/** A run with the rows of its generation at row `base`, or of a later one. */
export interface RunHistory {
  readonly row: RunRow
  readonly base: number
  readonly rows: readonly JournalRow[]
}

/**
 * Null: there is no such run. The order matters: until a run begins, another start with its debounce key may replace its input, and rows
 * belong to the last input.
 */
export async function readRunHistory({ store }: ReplayParts, org: OrgId, run: RunId, base: number): Promise<RunHistory | null> {
  const rows = lastGeneration(await store.history(org, run, base))
  const row = await store.run(org, run)
  return row === null ? null : { row, base, rows }
}

/**
 * Replays a run without effects, while a worker may hold the run. The replay has a prefixed id, so that it never collides with the run itself
 * in a sandbox that both use. Free it with `forgetReplay`.
 */
export function replayInOwnSandbox(
  { sandboxes }: ReplayParts,
  { row, base, rows }: RunHistory,
  bundle: LoadedBundle,
): { run: ActiveRun; replayed: Replayed } {
  const claimed: ClaimedRun = { ...toClaimed(row), base }
  const run: ActiveRun = { ...newActiveRun(claimed, bundle, row.clockAt), id: `beside/${row.run}` }
  return { run, replayed: replaySafely(sandboxes, run, rows) }
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
  const live = await parts.store.live(org, run)
  const history = await readRunHistory(parts, org, run, live?.base ?? 0)
  if (history === null) return null
  const version = history.row.bundle
  const bundle = await parts.sandboxes.load(org, version)
  if (bundle === null)
    return { ok: false, error: { name: 'MissingVersionError', kind: 'error', message: `version ${version} is not stored` } }
  const apart = replayInOwnSandbox(parts, history, bundle)
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
