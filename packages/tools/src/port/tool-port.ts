/** The interface between the caller of a tool (such as a step of a pipeline) and its implementation (a kind or a built-in tool). */
import type { Json, JsonObject } from '@orrery/contract'
import type { Ctx, OutsidePolicy } from '@orrery/kernel'
import type { OpenedConnection } from '../connections/open-connection.ts'

/** The longest attempt. Work that takes longer should be a run. */
export const CALL_MS_MAX = 3_600_000

/** What a tool gets besides its arguments. Valid for one attempt. */
export interface ToolContext {
  /** Acts as the caller of the tool, in its organization. It has no open transaction. */
  readonly ctx: Ctx
  /** Public id of the run; outside of a run, of the call. */
  readonly runId: string
  /** The step in the pipeline, or `tools.call`. */
  readonly step: string
  /** Counts from 1. */
  readonly attempt: number
  /** The same for every attempt of this step of this run. Pass it on to services that recognize repeated calls. */
  readonly idempotencyKey: string
  /** Aborted when the time limit passes, the run is cancelled, or another worker takes over. */
  readonly signal: AbortSignal
  /** The policy for `fetchOutside` and the like. Addresses from users may be reached through those functions only. */
  readonly outside: OutsidePolicy
  /** Scopes that were granted to the run. `callTool` has checked that they include the scopes of the tool. */
  readonly scopes: ReadonlySet<string>
  /** @param nameOrId `con_…` or a name. The settings hold secrets: never return, journal or log them. */
  openConnection(nameOrId: string): Promise<OpenedConnection>
  /** Writes a line to the log of the run. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, data?: Json): void
}

/** What a built-in tool gets: the context of its call, and its own face, which `defineBuiltIn` adds. */
export interface BuiltInContext extends ToolContext {
  readonly tool: Pick<ToolFace, 'name' | 'scopes'>
}

/** What a call used, as far as the tool knows it. Stored in the trace of the call. */
export interface ToolUsage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  /** In US dollars. */
  readonly cost?: number
  readonly model?: string
}

export interface ToolResult {
  readonly output: Json
  readonly usage?: ToolUsage
}

export type CostTier = 'free' | 'low' | 'medium' | 'high'

/** The public description of a tool. */
export interface ToolFace {
  readonly name: string
  readonly description: string
  /** JSON Schemas 2020-12. */
  readonly inputSchema: JsonObject
  readonly outputSchema?: JsonObject
  /** A run may call the tool only if it was granted all of these scopes. */
  readonly scopes: readonly string[]
  readonly costTier: CostTier
  /** Limit for one attempt, unless the step sets another. */
  readonly timeoutMs: number
  readonly examples?: readonly { readonly with: JsonObject; readonly gives?: Json }[]
}

/** A tool that is part of Orrery, made by `defineBuiltIn`. `builtins/built-ins.ts` lists those of this package. */
export interface BuiltIn extends ToolFace {
  /** The caller checks the arguments against `inputSchema` before, and the output after. @throws ToolError */
  call(args: JsonObject, context: ToolContext): Promise<ToolResult>
}

/**
 * A failed call. `retry.non_retryable` of a step lists values of `name`, for instance `HttpError`. `isRetryable` says whether another
 * attempt may succeed; the caller turns a failure that is not retryable into the engine's NonRetryableError of the same name.
 */
export class ToolError extends Error {
  override readonly name: string
  readonly isRetryable: boolean
  readonly details: Json | undefined
  /** What the failed call used, for instance tokens for an answer that cannot be used. */
  readonly usage: ToolUsage | undefined

  constructor(
    name: string,
    message: string,
    options: { readonly isRetryable: boolean; readonly details?: Json; readonly usage?: ToolUsage | undefined; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = name
    this.isRetryable = options.isRetryable
    this.details = options.details
    this.usage = options.usage
  }
}
