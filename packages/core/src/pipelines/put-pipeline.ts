import type { PipelineDefinition } from '@orrery/contract'
import { type AnswerTo, type Ctx, canonicalJson, emitEvent, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { checkRawPipeline, requireValid } from './check-raw-pipeline.ts'
import { insertVersion, lockPipeline, nextVersion, selectVersion } from './pipeline-store.ts'

/** Saves a new version, unless the definition equals that of the newest one. */
export async function putPipeline(
  ctx: Ctx,
  { pipeline: name, definition: raw }: InputFor<'pipelines.put'>,
): Promise<AnswerTo<'pipelines.put'>> {
  const { definition, warnings } = requireValid(await checkRawPipeline(ctx, raw, name))
  const { version, changed } = await withOrg(ctx, (tx) => saveDefinition(ctx, tx, name, definition))
  if (changed) await emitEvent(ctx, 'pipeline.saved', name, { version })
  ctx.note(name, { version, changed })
  return { name, version, changed, warnings: [...warnings] }
}

async function saveDefinition(
  ctx: Ctx,
  tx: Transaction,
  name: string,
  definition: PipelineDefinition,
): Promise<{ readonly version: number; readonly changed: boolean }> {
  await lockPipeline(tx, ctx.org, name)
  const newest = await selectVersion(tx, ctx.org, name, null)
  if (newest !== undefined && canonicalJson(newest.definition) === canonicalJson(definition))
    return { version: newest.version, changed: false }
  const version = await nextVersion(tx, ctx.org, name)
  await insertVersion(tx, { org_id: ctx.org, name, version, definition, saved_at: new Date(ctx.clock.now()), saved_by: ctx.actor.id })
  return { version, changed: true }
}
