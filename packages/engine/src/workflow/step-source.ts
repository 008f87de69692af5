import type { RetryPolicy } from './protocol.ts'

/** A step's body and policy, found by name in the worker's own code. */
export interface StepImplementation {
  readonly name: string
  readonly retry: RetryPolicy
  readonly timeoutMs: number | null
  readonly heartbeatTimeoutMs: number | null
  readonly transactional: boolean
  readonly body: (input: never, context: never) => unknown
}

export interface StepSource {
  find(name: string): StepImplementation | undefined
  names(): readonly string[]
}
