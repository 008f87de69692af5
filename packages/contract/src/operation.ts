import type { z } from 'zod'
import type { Access } from './permissions.ts'
import type { ProblemCode } from './problems.ts'

/** Always an object, so that every face can name its fields. */
export type Shape = z.ZodObject

/**
 * `transaction`: the effect, the audit entry and the stored answer commit in one transaction of the call.
 * `group commit`: without an idempotency key, the effect and the audit entry join the engine's next group commit, so the call needs no
 * commit of its own.
 * `outside`: the operation waits for other systems, so no transaction is open in the meantime. It opens its own for what it writes; the
 * audit entry and the answer stored under an idempotency key follow in one transaction of the call.
 */
export type Execution = 'transaction' | 'group commit' | 'outside'

/**
 * One operation of Orrery's API. It is declared here once and implemented once in `core`; REST, tRPC, MCP and the command line are derived
 * from it.
 */
export interface Operation<I extends Shape = Shape, O extends z.ZodType = z.ZodType> {
  /** `<noun>.<verb>`, camel case: the tRPC path. */
  readonly name: `${string}.${string}`
  /** One line, imperative. */
  readonly summary: string
  /** More for the documentation and for models, if one line is not enough. */
  readonly description?: string
  readonly input: I
  readonly output: O
  /** Its own problems. Every operation can also answer COMMON_PROBLEMS and those of a wrong API key or idempotency key. */
  readonly problems: readonly ProblemCode[]
  /** How many of some fields a call has. The implementation checks it; the OpenAPI document says so. */
  readonly choices?: readonly { readonly of: readonly string[]; readonly given: 'one' | 'at most one' | 'at least one' }[]
  readonly permission: Access
  readonly effect: 'read' | 'write'
  /** For a write: true if repeating it has no second effect. Other writes accept an idempotency key. */
  readonly idempotent: boolean
  /** For writes: the action in the audit log, `<noun>.<past tense>`. */
  readonly audit?: string
  /**
   * The caller may also need the scopes that the call grants, or that the run has which it continues. So an idempotency key returns the answer
   * to the same caller only.
   */
  readonly grants?: true
  /**
   * Dangerous: a person must have proved who they are in the last ten minutes, otherwise the answer is `proof_required`. API keys, tokens and
   * runs are not concerned.
   */
  readonly proof?: 'recent'
  /** For writes: how the operation is executed. Default: `transaction`. */
  readonly execution?: Execution
  /**
   * Path parameters in braces are fields of the input. The other fields are query parameters for GET and DELETE, and the
   * JSON body for the other methods (a read whose arguments are JSON is a POST).
   */
  readonly http: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
    readonly path: `/${string}`
    readonly status?: 200 | 201 | 202
    /** For the few operations that accept more than the server's limit (1 MB by default). */
    readonly maxBodyBytes?: number
  }
  /** Input fields with documents of others, in which numbers that a double cannot keep are rounded: bounds of schemas. They are refused elsewhere. */
  readonly roundsNumbersIn?: readonly string[]
  /** Opt-in exposure as an MCP tool. */
  readonly mcp?: { readonly tool: string; readonly destructive?: boolean }
  /** Exposed in the CLI if present. `verb`: words after `orrery`; `positionals`: fields given without a flag, in order. */
  readonly cli?: { readonly verb: string; readonly positionals?: readonly string[] }
  /** Top-level output fields that are shown once. They are never stored, so they are null when an idempotent request is repeated. */
  readonly secrets?: readonly string[]
  /** For a list: the output field that contains the rows, for tables. */
  readonly rows?: string
}

/** The type keeps the effect, so that clients can tell which operations are reads. */
export function defineOperation<I extends Shape, O extends z.ZodType, E extends 'read' | 'write'>(
  operation: Operation<I, O> & { readonly effect: E },
): Operation<I, O> & { readonly effect: E } {
  return operation
}
