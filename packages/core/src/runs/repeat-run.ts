import { type Json, problem } from '@orrery/contract'
import { type Ctx, orProblem, requireGrantableScopes, toRunId, withOrg } from '@orrery/kernel'
import { requireVersion } from '../workflows/require-version.ts'
import { type RunRow, selectRun, selectStepCommands } from './run-store.ts'

export interface Repeat {
  readonly edits: ReadonlyMap<number, Json>
  readonly version: string | undefined
}

/**
 * Checks what retry, fork and edit have in common: the source run, each edited step and the version must exist.
 * @throws forbidden if the source acts with scopes that the caller may not grant
 */
export async function requireRepeatable(ctx: Ctx, run: string, repeat: Repeat, mustHaveFinished: boolean): Promise<void> {
  const name = toRunId(run)
  await withOrg(ctx, async (tx) => {
    const source = orProblem(await selectRun(tx, ctx.org, run), 'run.not_found', `There is no run ${name}.`)
    if (mustHaveFinished && source.finished_at === null) throw problem('run.not_finished', `Run ${name} is ${source.status}.`)
    if (mustHaveFinished && source.status === 'succeeded') throw problem('run.not_retryable', `Run ${name} succeeded.`)
    const commands = [...repeat.edits.keys()]
    const found = commands.length === 0 ? new Set<number>() : await selectStepCommands(tx, ctx.org, run, commands)
    const missing = commands.filter((cmd) => !found.has(cmd))
    if (missing.length > 0) throw problem('run.step_not_found', `Run ${name} has no recorded step with cmd ${missing.join(', ')}.`)
    requireAuthority(ctx, source)
  })
  if (repeat.version !== undefined) await requireVersion(ctx, run, repeat.version)
}

/**
 * A copy of a run acts with the run's own scopes, and so does a run that continues in another version. So the caller must be allowed to grant
 * them, as for a new start; the scopes stay whole or the call is refused. @throws forbidden
 */
export function requireAuthority(ctx: Ctx, { scopes }: Pick<RunRow, 'scopes'>): void {
  requireGrantableScopes(ctx, scopes ?? [])
}

export function engineOptions(repeat: Repeat): { edits: ReadonlyMap<number, Json>; version?: string } {
  return { edits: repeat.edits, ...(repeat.version === undefined ? {} : { version: repeat.version }) }
}

/** Notifies workers of the new run after the commit, and adds it to the audit entry beside its source. */
export function finishRepeat(ctx: Ctx, source: string, made: { readonly run: string } | null, detail: { [key: string]: Json }) {
  const { run } = orProblem(made, 'run.not_retryable', `Run ${source} has nothing to repeat.`)
  const runId = toRunId(run)
  ctx.note(source, { ...detail, newRunId: runId })
  ctx.afterCommit(() => ctx.engine.nudge([run]))
  return { runId, sourceRunId: source }
}
