import type { ToolImplementation, ToolKind } from '@orrery/contract'
import { builtInKind } from './built-in.ts'
import { httpKind } from './http.ts'
import type { Implementation, Kind } from './kind.ts'
import { mcpKind } from './mcp.ts'
import { openApiKind } from './open-api.ts'
import { pipelineKind } from './pipeline.ts'
import { workflowKind } from './workflow.ts'

/** Every kind of tool there is. The compiler asks for a line for each one in the contract. */
export const kinds: { readonly [K in ToolKind]: Kind<K> } = {
  http: httpKind,
  openapi: openApiKind,
  mcp: mcpKind,
  builtin: builtInKind,
  workflow: workflowKind,
  pipeline: pipelineKind,
}

/** The kind takes implementations of its own name alone, and this one has it: that much the compiler cannot see. */
export const kindOf = ({ kind }: ToolImplementation): Kind => kinds[kind] as Kind

/** Whether a call is a child run, which the interpreter of pipelines starts. */
export function startsRun(implementation: ToolImplementation): implementation is Implementation<'workflow' | 'pipeline'> {
  return kindOf(implementation).reaches === 'run'
}
