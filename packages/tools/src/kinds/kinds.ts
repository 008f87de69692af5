import type { ToolImplementation, ToolKind } from '@orrery/contract'
import { builtInKind } from './built-in.ts'
import { httpKind } from './http.ts'
import type { Implementation, Kind } from './kind.ts'
import { mcpKind } from './mcp.ts'
import { openApiKind } from './open-api.ts'
import { pipelineKind } from './pipeline.ts'
import { workflowKind } from './workflow.ts'

/** All kinds of tools. The compiler requires a line for each kind in the contract. */
export const kinds: { readonly [K in ToolKind]: Kind<K> } = {
  http: httpKind,
  openapi: openApiKind,
  mcp: mcpKind,
  builtin: builtInKind,
  workflow: workflowKind,
  pipeline: pipelineKind,
}

/** The cast is safe: a kind takes the implementations with its own name, and the lookup is by that name. */
export const kindOf = ({ kind }: ToolImplementation): Kind => kinds[kind] as Kind

/** Whether the tool is a child run, which the interpreter of pipelines starts. */
export function startsRun(implementation: ToolImplementation): implementation is Implementation<'workflow' | 'pipeline'> {
  return kindOf(implementation).reaches === 'run'
}
