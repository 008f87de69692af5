import type { CallStep, ToolStep } from '@orrery/contract'
import type { RetryOptions } from '@orrery/engine/workflow'

/** The step's retries as options of the engine; undefined: the engine's default. */
export function resolveRetry({ retry, max_retries: retries }: ToolStep | CallStep): RetryOptions | false | undefined {
  if (retries !== undefined) return retries === 0 ? false : { max: retries + 1 }
  if (retry === undefined || retry === false) return retry
  const { non_retryable: nonRetryable, ...others } = retry
  const known = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
  return nonRetryable === undefined ? known : { ...known, nonRetryable }
}
