/** The entry point for authors of workflows. Runs inside a bundle and in user projects, and needs nothing from Node. */
export { type Duration, formatDuration, parseDurationMs } from '@orrery/recurrence/duration'
export type { ChildCallOptions, Context, PortableContext, RunOptions, ScopePromise, Thunk } from './context.ts'
export {
  CancelledError,
  ChildFailedError,
  fromFailure,
  InvalidInputError,
  NonRetryableError,
  StepFailedError,
  TimeoutError,
  toFailure,
} from './errors.ts'
export type { Jsonified } from './json.ts'
export type {
  ChildOptions,
  Failure,
  Jitter,
  Json,
  Manifest,
  Priority,
  RetryPolicy,
  RunInfo,
  WorkflowManifest,
  WorkflowOptions,
} from './protocol.ts'
export { DEFAULT_RETRY, isRetryable, nextDelayMs, parseRetry, type RetryOptions } from './retry.ts'
export type { Schema } from './standard-schema.ts'
export {
  type StepContext,
  type StepDefinition,
  type StepLog,
  type StepOptions,
  step,
  type TxStepContext,
  type TxStepDefinition,
  txStep,
} from './step.ts'
export { stepRegistry } from './step-registry.ts'
export { type WorkflowSettings, workflow } from './workflow.ts'
export type { JsonObject, WorkflowDefinition } from './workflow-definition.ts'
