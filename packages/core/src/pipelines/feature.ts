import type { ToolImplementation } from '@orrery/contract'
import { type Ctx, type Kernel, requireGrantableScopes } from '@orrery/kernel'
import { admitWith } from '@orrery/tools'
import type { Feature } from '../feature.ts'
import { checkRawPipeline, requireValid } from './check-raw-pipeline.ts'
import { createBuiltInSteps } from './create-built-in-steps.ts'

export function createPipelinesFeature(kernel: Kernel): Feature {
  admitWith('pipeline', admitPipelineTool)
  return { name: 'pipelines', steps: createBuiltInSteps(kernel) }
}

/** Checks a tool of kind pipeline like a stored pipeline. @throws forbidden, pipeline.invalid */
async function admitPipelineTool(ctx: Ctx, { grants, definition }: Extract<ToolImplementation, { kind: 'pipeline' }>): Promise<void> {
  requireGrantableScopes(ctx, grants ?? [])
  requireValid(await checkRawPipeline(ctx, definition as never, null))
}
