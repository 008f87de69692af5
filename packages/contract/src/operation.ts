import type { z } from 'zod'
import type { Access } from './permissions.ts'
import type { ProblemCode } from './problems.ts'

/** Objects only: every face can name its fields. */
export type Shape = z.ZodObject

/**
 * `transaction`: the effect, the audit entry and the stored answer commit in one transaction of the call.
 * `group commit`: without an idempotency key, effect and audit entry join the engine's next group commit, which saves the call a commit of its own.
 * `outside`: it waits for systems outside, so no transaction is open meanwhile. It opens its own for what it writes; the audit entry and the answer
 * that is stored under an idempotency key follow in one of the call.
 */
export type Execution = 'transaction' | 'group commit' | 'outside'

/**
 * One thing that can be asked of Orrery. Declared here once, implemented once in `core`; REST, tRPC, MCP and the
 * command line are derived from it.
 */
export interface Operation<I extends Shape = Shape, O extends z.ZodType = z.ZodType> {
  /** `<noun>.<verb>`, camel case: the tRPC path. */
  readonly name: `${string}.${string}`
  /** One line, imperative. */
  readonly summary: string
  /** More for documentation and for models, if one line is not enough. */
  readonly description?: string
  readonly input: I
  readonly output: O
  /** Problems that it can answer beside those every operation can (COMMON_PROBLEMS, and what a wrong key or idempotency key gives). */
  readonly problems: readonly ProblemCode[]
  readonly permission: Access
  readonly effect: 'read' | 'write'
  /** A write that can be repeated without a second effect, by its nature. Others take an idempotency key. */
  readonly idempotent: boolean
  /** For writes: the action in the audit log, `<noun>.<past tense>`. */
  readonly audit?: string
  /** For writes: how it is executed. Default: `transaction`. */
  readonly execution?: Execution
  /**
   * Path parameters in braces are fields of the input. The other fields are query parameters for GET and DELETE, and the
   * JSON body for the other methods (a read whose arguments are JSON is a POST).
   */
  readonly http: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
    readonly path: `/${string}`
    readonly status?: 200 | 201 | 202
    /** For the few that take more than the server's limit (1 MB, if not set otherwise). */
    readonly maxBodyBytes?: number
  }
  /** Opt-in exposure as an MCP tool. */
  readonly mcp?: { readonly tool: string; readonly destructive?: boolean }
  /** Opt-out by absence. `verb`: words after `orrery`; `positionals`: fields given without a flag, in order. */
  readonly cli?: { readonly verb: string; readonly positionals?: readonly string[] }
  /** Top-level fields of the output that are shown once: never stored, so null when an idempotent request is repeated. */
  readonly secrets?: readonly string[]
  /** For a list: the field of the output that holds the rows, for tables. */
  readonly rows?: string
}

/** The type keeps the effect, so that clients know which operations are reads. */
export function defineOperation<I extends Shape, O extends z.ZodType, E extends 'read' | 'write'>(
  operation: Operation<I, O> & { readonly effect: E },
): Operation<I, O> & { readonly effect: E } {
  return operation
}
