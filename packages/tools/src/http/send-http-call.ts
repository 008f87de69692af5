import type { Json } from '@orrery/contract'
import { fetchOutside } from '@orrery/kernel'
import { deriveKey } from '../port/derive-key.ts'
import { type ToolContext, ToolError, type ToolResult } from '../port/tool-port.ts'
import { allowSlowAnswers } from './allow-slow-answers.ts'
import { authorize } from './authorize.ts'
import { hideSecrets } from './hide-secrets.ts'
import { toHttpFailure } from './http-failure.ts'
import { readAnswer } from './read-answer.ts'

export interface HttpCall {
  readonly method: string
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Name or id. */
  readonly connection: string | undefined
}

const ANSWER_BYTES_MAX = 5_000_000

/**
 * Sends a request and returns the body of the answer: JSON as a value, other text as a string, an empty body as null. Follows redirects,
 * without credentials if they lead to another origin.
 * @throws ToolError `HttpError` for a status outside of 200 to 299. It is retryable for 408, 425, 429 and most of 5xx, and final for the
 * others.
 */
export async function sendHttpCall(call: HttpCall, context: ToolContext): Promise<ToolResult> {
  const { method, url, body, connection } = call
  const authorization = connection === undefined ? {} : await authorize(context, connection, url.href)
  const headers = { ...defaultHeaders(call, context), ...call.headers, ...authorization }
  const policy = allowSlowAnswers(context.outside)
  const answer = await fetchOutside(
    { url: url.href, method, headers, signal: context.signal, ...(body === undefined ? {} : { body }) },
    { ...policy, answerBytesMax: Math.min(policy.answerBytesMax, ANSWER_BYTES_MAX) },
  )
  const read = readAnswer(answer, hideSecrets(Object.values(authorization)))
  if (answer.status < 200 || answer.status > 299) {
    const failure = toHttpFailure(answer, read.body)
    const { isRetryable, details = null } = failure
    throw new ToolError('HttpError', explain(failure.message, answer.headers, read.body), { isRetryable, details })
  }
  if (read.encoding === 'base64') {
    throw new ToolError('UnreadableAnswer', `${url.hostname} answered with neither JSON nor text`, { isRetryable: false })
  }
  return { output: answer.body.length === 0 ? null : read.body }
}

/** POST and PATCH get a key by which the server can recognize a repeated attempt (the Idempotency-Key header of the IETF's draft). */
function defaultHeaders({ method }: HttpCall, { ctx, idempotencyKey }: ToolContext): Record<string, string> {
  return {
    accept: 'application/json, text/*;q=0.9, */*;q=0.1',
    'user-agent': `orrery/${ctx.kernel.version}`,
    ...(method === 'POST' || method === 'PATCH' ? { 'idempotency-key': deriveKey(idempotencyKey, 'http') } : {}),
  }
}

const EXCERPT_LETTERS_MAX = 300

/** Adds Retry-After and the start of the body to the message, for the log of the run. */
function explain(message: string, headers: Headers, body: Json): string {
  const wait = headers.get('retry-after')
  const said = (typeof body === 'string' ? body.trim() : JSON.stringify(body)).slice(0, EXCERPT_LETTERS_MAX).toWellFormed()
  return [message, wait === null ? '' : ` and asks to wait (Retry-After: ${wait.slice(0, 64)})`, said === '' ? '' : `: ${said}`].join('')
}
