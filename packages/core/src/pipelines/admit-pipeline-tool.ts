import type { ToolImplementation } from '@orrery/contract'
import { type Ctx, refuseGrant } from '@orrery/kernel'
import { judgePipeline, requireValid } from './judge-pipeline.ts'

/** A tool that is a pipeline is checked as a stored pipeline is. @throws forbidden, pipeline.invalid */
export async function admitPipelineTool(
  ctx: Ctx,
  { grants, definition }: Extract<ToolImplementation, { kind: 'pipeline' }>,
): Promise<void> {
  refuseGrant(ctx, grants ?? [])
  requireValid(await judgePipeline(ctx, definition as never, null))
}
