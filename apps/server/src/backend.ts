import type { Operation, Permission } from '@orrery/contract'
import type { Answer, Caller, describePublicKey, Identity, Kernel, LimitedLogin } from '@orrery/kernel'
import type { Logger } from './observe/logger.ts'
import type { Metrics } from './observe/metrics.ts'

/**
 * What the faces use: the registry of operations, and one way to call an operation. Everything that is the same on every face
 * (key, permission, validation, rate, idempotency, audit) happens behind `call`. Throws ProblemError.
 */
export interface Backend {
  readonly operations: readonly Operation[]
  /** `input` may be a function that reads the input. It is called only after the caller is identified and authorized. */
  call(operation: string, caller: Caller, input: unknown): Promise<Answer>
  /** For requests that are not an operation: streams, metrics, whole MCP requests. Null: any valid key suffices. Throws ProblemError. */
  identify(caller: Caller, permission: Permission | null): Promise<Identity>
  /** The same for what may only be exchanged or revoked, too: refresh tokens, and secrets of agents. */
  identifyAny(caller: Caller): Promise<Identity>
  readonly limitLogin: LimitedLogin
  /** Verifies access tokens. */
  readonly tokenKey: ReturnType<typeof describePublicKey>
  readonly log: Logger
  readonly metrics: Metrics
  readonly maxBodyBytes: number
  /** The address at which clients reach this server, without a trailing slash. */
  readonly publicUrl: () => string
  /** Where this server is, as OAuth sees it; null: it is not known. */
  readonly oauth: Kernel['oauth']
  readonly version: string
}
