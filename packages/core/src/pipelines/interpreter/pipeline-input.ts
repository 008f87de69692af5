/** What a run of a pipeline begins with: what the host writes and the interpreter reads. Types only, so that either may import it. */
import type { Json, JsonObject, PipelineDefinition } from '@orrery/contract'
import type { RetryOptions } from '@orrery/engine/workflow'

export const PIPELINE_WORKFLOW = 'orrery.pipeline'
export const TOOL_STEP = 'orrery.tool'

export interface PipelineInput {
  readonly definition: PipelineDefinition
  /** In place of those of the definition, name by name. */
  readonly params: JsonObject
  /** Read as `event`: what triggered the run. */
  readonly event: Json
  /** Read as `run`, beside what the interpreter knows of the run itself. */
  readonly run: JsonObject
  /** IANA name. */
  readonly timezone: string
  /** Given to the tools that are called. */
  readonly scopes: readonly string[]
  /** Of steps that say nothing about retries themselves. */
  readonly retry?: RetryOptions | false
  readonly calls: Calls
}

/** What the names mean that are served by child runs, as it was when the run started: a change of theirs is for later runs. */
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
    /** Its arguments are the params. */
    | { readonly kind: 'pipeline'; readonly definition: PipelineDefinition; readonly grants?: readonly string[] }
  )

interface ChildTool {
  readonly scopes: readonly string[]
  readonly timeoutMs: number
  readonly inputSchema: Json
  readonly outputSchema?: Json
}

/** What the step that calls a tool is given; thereby all of it is in the journal. */
export interface ToolStepInput {
  readonly tool: string
  readonly with: JsonObject
  /** Id of the step in the pipeline. */
  readonly step: string
  readonly scopes: readonly string[]
  /** The step's own limit for one attempt; absent: the tool's. */
  readonly timeoutMs?: number
}
