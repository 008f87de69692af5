import { OutsideError } from '@orrery/kernel'
import { hideSecrets } from '../http/hide-secrets.ts'
import { isTransientStatus } from '../http/http-failure.ts'
import { ToolError } from '../port/tool-port.ts'
import type { ModelSettings } from './provider.ts'

const SAID_LETTERS_MAX = 500

/** Converts an error of the packages: a network failure, an error status, or an answer that cannot be read. */
export async function toModelFailure(error: unknown, { provider, apiKey }: ModelSettings): Promise<unknown> {
  if (error instanceof ToolError) return error
  const outside = findOutsideError(error)
  if (outside !== undefined) return outside
  const { APICallError, AISDKError } = await import('ai')
  if (!APICallError.isInstance(error)) {
    if (!AISDKError.isInstance(error)) return error
    return new ToolError('ModelError', `The answer of the model cannot be used (${error.name})`, { isRetryable: true })
  }
  const { statusCode: status, message, responseHeaders } = error
  if (status === undefined || status < 400) {
    return new ToolError('ModelError', `The answer of ${provider} does not follow its API`, { isRetryable: true })
  }
  const wait = responseHeaders?.['retry-after']
  // A message about the key may contain parts of it.
  const said = status === 401 || status === 403 ? '' : hideSecrets([apiKey])(message).slice(0, SAID_LETTERS_MAX).toWellFormed()
  return new ToolError('ModelError', `The model answered with status ${status}${said === '' ? '' : `: ${said}`}`, {
    isRetryable: status === 409 || isTransientStatus(status),
    details: { status, ...(wait === undefined ? {} : { retry_after: wait.slice(0, 64) }) },
  })
}

/** The packages may wrap the error of a failed fetch. */
function findOutsideError(error: unknown): OutsideError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) if (at instanceof OutsideError) return at
  return undefined
}
