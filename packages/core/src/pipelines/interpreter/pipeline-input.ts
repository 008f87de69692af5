/**
 * The input of a run of a pipeline, which the server writes and the interpreter reads. What the run may do is not in it, but is the authority
 * of the run's row. It imports types only, so both can import it.
 */
import type { Json, JsonObject, PipelineDefinition } from '@orrery/contract'
import type { RetryOptions } from '@orrery/engine/workflow'

export const PIPELINE_WORKFLOW = 'orrery.pipeline'
export const TOOL_STEP = 'orrery.tool'

export interface PipelineInput {
  readonly definition: PipelineDefinition
  /** Params that replace those of the definition, name by name. */
  readonly params: JsonObject
  /** What triggered the run. Steps read it as `event`. */
  readonly event: Json
  /** Steps read it as `run`, together with what the interpreter adds about the run. */
  readonly run: JsonObject
  /** IANA name. */
  readonly timezone: string
  /** For steps without retry settings. */
  readonly retry?: RetryOptions | false
  readonly calls: Calls
}

/** The pipelines and tools that become child runs, as they were when the run started. Later changes do not affect the run. */
export interface Calls {
  /** Other pipelines, by name. */
  readonly pipelines: Readonly<Record<string, PipelineCall>>
  /** Tools that are workflows or pipelines, by name. */
  readonly tools: Readonly<Record<string, ToolCall>>
}

export interface PipelineCall {
  readonly version: number
  readonly definition: PipelineDefinition
}

export type ToolCall = ChildTool &
  (
    | { readonly kind: 'workflow'; readonly workflow: string; readonly version?: string }
    /** The arguments of the tool are the params of the pipeline. */
    | { readonly kind: 'pipeline'; readonly definition: PipelineDefinition }
  )

interface ChildTool {
  readonly scopes: readonly string[]
  readonly timeoutMs: number
  readonly inputSchema: Json
  readonly outputSchema?: Json
}

/** The input of the step that calls a tool. The journal records it completely. */
export interface ToolStepInput {
  readonly tool: string
  readonly with: JsonObject
  /** Id of the step in the pipeline. */
  readonly step: string
  /** From interpreters of older servers: the scopes of this step, among those of its run. */
  readonly scopes?: readonly string[]
  /** The pipeline step's limit for one attempt. Absent: that of the tool. */
  readonly timeoutMs?: number
}
