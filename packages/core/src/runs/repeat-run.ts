import { type Json, problem } from '@orrery/contract'
import { type Ctx, orProblem, requireGrantableScopes, type Transaction, toRunId, withOrg } from '@orrery/kernel'
import { PIPELINE_WORKFLOW, type PipelineInput } from '../pipelines/interpreter/pipeline-input.ts'
import { requireVersion } from '../workflows/require-version.ts'
import { selectPayloads, selectRun, selectStepCommands } from './run-store.ts'

export interface Repeat {
  readonly edits: ReadonlyMap<number, Json>
  readonly version: string | undefined
}

/**
 * Checks what retry, fork and edit have in common: the source run, each edited step and the version must exist.
 * @throws forbidden for edits that the key may not make
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
    if (source.workflow === PIPELINE_WORKFLOW && commands.length > 0) await requireEditScopes(ctx, tx, run)
  })
  if (repeat.version !== undefined) await requireVersion(ctx, run, repeat.version)
}

/**
 * An edited output of a pipeline step controls what later tools do, with the scopes of the run. So the key must be allowed to grant these
 * scopes.
 */
async function requireEditScopes(ctx: Ctx, tx: Transaction, run: string): Promise<void> {
  const payloads = await selectPayloads(tx, ctx.org, run)
  requireGrantableScopes(ctx, (payloads?.input as unknown as PipelineInput | undefined)?.scopes ?? [])
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
