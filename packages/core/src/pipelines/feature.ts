import type { Kernel } from '@orrery/kernel'
import { admitWith } from '@orrery/tools'
import type { Feature } from '../feature.ts'
import { admitPipelineTool } from './admit-pipeline-tool.ts'
import { createBuiltInSteps } from './create-built-in-steps.ts'

export function createPipelinesFeature(kernel: Kernel): Feature {
  admitWith('pipeline', admitPipelineTool)
  return { name: 'pipelines', steps: createBuiltInSteps(kernel) }
}
