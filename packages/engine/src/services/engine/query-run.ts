import { type Clock, pause } from '../../clock.ts'
import { SandboxLost } from '../../sandbox/bundle-host.ts'
import type { ClaimedRun, JournalRow, OrgId, RunId, RunRow, Store } from '../../store/store.ts'
import type { Failure, Json } from '../../workflow/protocol.ts'
import { activate, forget, type LoadedBundle, type SandboxCache } from '../bundles/sandbox-cache.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, hasCoroutine, newActiveRun, toClaimed } from '../run/active-run.ts'
import { type Replayed, replay } from '../run/replay.ts'

export interface ReplayParts {
  readonly clock: Clock
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

type Beside = { readonly run: ActiveRun; readonly replayed: Extract<Replayed, { type: 'ready' | 'diverged' }> }

/**
 * Replays a run without effects, while a worker may hold the run, and frees it after `use`. The replay has an id of its own, so that it never
 * collides with the run itself, nor with another replay, in a sandbox that they use together. Begins again if others took down the sandbox.
 * Rejects if this replay did.
 */
export async function replayBeside<T>(
  { sandboxes, clock }: ReplayParts,
  { row, base, rows }: RunHistory,
  bundle: LoadedBundle,
  use: (beside: Beside) => T | Promise<T>,
): Promise<T> {
  const claimed: ClaimedRun = { ...toClaimed(row), base }
  for (let tries = 1; ; tries++) {
    const run: ActiveRun = { ...newActiveRun(claimed, bundle, row.clockAt), id: `beside/${besides++}/${row.run}` }
    try {
      const replayed = await replay(run, rows)
      if (replayed.type === 'failed') throw replayed.error
      if (replayed.type === 'gone' || !hasCoroutine(run)) throw new SandboxLost('the sandbox ended', false)
      return await use({ run, replayed })
    } catch (error) {
      sandboxes.failed(bundle, toError(error))
      if (tries === TRIES || !(error instanceof SandboxLost) || error.isCulprit) throw error
      await pause(clock, RETRY_MS)
    } finally {
      if (hasCoroutine(run)) forget(bundle, run.id)
    }
  }
}

/** More than the replays that checkDeploy makes at once, each of which may take down the sandbox of the others. */
const TRIES = 10
const RETRY_MS = 20
let besides = 0

/** A run that has ended, or that a worker holds, may be in a later generation than its live row says. */
function lastGeneration(rows: readonly JournalRow[]): readonly JournalRow[] {
  const start = rows.findLastIndex(({ kind }) => kind === 'generation')
  return start < 0 ? rows : rows.slice(start)
}

/** Asks a run's query handler by replaying its history in this process. The run may be live or finished. Null: there is no such run. */
export async function queryRun(parts: ReplayParts, org: OrgId, run: RunId, name: string, args: Json): Promise<QueryAnswer | null> {
  const live = await parts.store.live(org, run)
  const history = await readRunHistory(parts, org, run, live?.base ?? 0)
  if (history === null) return null
  const version = history.row.bundle
  const bundle = await parts.sandboxes.load(org, version)
  if (bundle === null) return refused('MissingVersionError', `version ${version} is not stored`)
  const delivery = { type: 'query', id: 1, name, args } as const
  try {
    return await replayBeside(parts, history, bundle, async ({ run: { id, at }, replayed }) => {
      if (replayed.type === 'diverged') return refused('ReplayError', replayed.reason)
      const [reaction] = await activate(bundle, [{ run: id, at, replaying: true, delivery }])
      const answer = reaction?.answer
      if (answer === undefined) return refused('QueryError', `the workflow has no query named "${name}"`, 'invalid')
      return answer.ok ? { ok: true, value: answer.value } : { ok: false, error: answer.error }
    })
  } catch (error) {
    return refused('ReplayError', describeFailure(error))
  }
}

function refused(name: string, message: string, kind: Failure['kind'] = 'error'): QueryAnswer {
  return { ok: false, error: { name, kind, message } }
}

export function describeFailure(error: unknown): string {
  return `The workflow code failed while its history was replayed: ${toError(error).message}`
}
