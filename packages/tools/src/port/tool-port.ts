/** The seam between whoever calls a tool (a pipeline's step) and whatever it is made of. One file a kind, one file a built-in. */
import type { Json, JsonObject } from '@orrery/contract'
import type { Ctx, OutsidePolicy } from '@orrery/kernel'
import type { OpenedConnection } from '../connections/open-connection.ts'

/** The longest attempt: what takes longer is a run. */
export const CALL_MS_MAX = 3_600_000

/** What a tool's body is given beside its arguments. Lives for one attempt. */
export interface ToolContext {
  /** Acts as the system in the organization of the run. It has no open transaction. */
  readonly ctx: Ctx
  /** Public id of the run (or of the call, when there is none), the step in the pipeline (or `tools.call`), and which attempt this is, from 1. */
  readonly runId: string
  readonly step: string
  readonly attempt: number
  /** The same for every attempt of this step of this run: to be passed on to services that can tell repeated calls. */
  readonly idempotencyKey: string
  /** Aborted by the time limit, a cancellation, and when another worker has taken over. */
  readonly signal: AbortSignal
  /** For `fetchOutside` and its kin: nothing else may reach an address that somebody has written down. */
  readonly outside: OutsidePolicy
  /** Scopes that were granted to the run; `callTool` has compared them with the tool's own. */
  readonly scopes: ReadonlySet<string>
  /** By `con_…` or name. Its settings hold secrets: never to be answered, journalled or logged. */
  openConnection(nameOrId: string): Promise<OpenedConnection>
  /** A line in the log of the run. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, data?: Json): void
}

/** What a call took, as far as the tool knows it. Kept with the trace of the call. */
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

/** What every tool says of itself. */
export interface ToolFace {
  readonly name: string
  readonly description: string
  /** JSON Schemas 2020-12. */
  readonly inputSchema: JsonObject
  readonly outputSchema?: JsonObject
  /** A run may call it only when all of them were granted to it. */
  readonly scopes: readonly string[]
  readonly costTier: CostTier
  /** For one attempt, unless the step says otherwise. */
  readonly timeoutMs: number
  readonly examples?: readonly { readonly with: JsonObject; readonly gives?: Json }[]
}

/** A tool that Orrery brings, made by `defineBuiltIn`. `builtins/built-ins.ts` lists those of this package. */
export interface BuiltIn extends ToolFace {
  /** Arguments have been checked against `inputSchema`; the output is checked after. @throws ToolError */
  call(args: JsonObject, context: ToolContext): Promise<ToolResult>
}

/**
 * A call that failed. `name` is what `retry.non_retryable` of a step compares with, for instance `HttpError`. Whether another attempt may
 * help is said by `isRetryable`; the caller turns a failure that is final into the engine's NonRetryableError of the same name.
 */
export class ToolError extends Error {
  override readonly name: string
  readonly isRetryable: boolean
  readonly details: Json | undefined
  /** What it took to get an answer that cannot be used. */
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
