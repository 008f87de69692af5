import type { Operation, Permission } from '@orrery/contract'
import type { Answer, Caller, Identity } from '@orrery/kernel'
import type { Logger } from './observe/logger.ts'
import type { Metrics } from './observe/metrics.ts'

/**
 * What the faces stand on: the registry, and one way to call an operation. Everything that is the same on every face
 * (key, permission, validation, rate, idempotency, audit) lies behind `call`. Throws ProblemError.
 */
export interface Backend {
  readonly operations: readonly Operation[]
  /** `input` may be a function that reads it: called once the caller is known and may do this. */
  call(operation: string, caller: Caller, input: unknown): Promise<Answer>
  /** For what is no operation: streams, figures, whole MCP requests. Null: any valid key will do. Throws ProblemError. */
  identify(caller: Caller, permission: Permission | null): Promise<Identity>
  readonly log: Logger
  readonly metrics: Metrics
  readonly maxBodyBytes: number
  /** Where people and programs reach this server, without a slash at the end. */
  readonly publicUrl: () => string
  readonly version: string
}
