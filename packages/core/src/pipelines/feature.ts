import type { ToolImplementation } from '@orrery/contract'
import { type Ctx, type Kernel, requireGrantableScopes } from '@orrery/kernel'
import { admitWith } from '@orrery/tools'
import type { Feature } from '../feature.ts'
import { createBuiltInSteps } from './create-built-in-steps.ts'
import { judgePipeline, requireValid } from './judge-pipeline.ts'

export function createPipelinesFeature(kernel: Kernel): Feature {
  admitWith('pipeline', admitPipelineTool)
  return { name: 'pipelines', steps: createBuiltInSteps(kernel) }
}

/** A tool that is a pipeline is checked as a stored pipeline is. @throws forbidden, pipeline.invalid */
async function admitPipelineTool(ctx: Ctx, { grants, definition }: Extract<ToolImplementation, { kind: 'pipeline' }>): Promise<void> {
  requireGrantableScopes(ctx, grants ?? [])
  requireValid(await judgePipeline(ctx, definition as never, null))
}
