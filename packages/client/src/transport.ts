import { backoffMs, pause, retryAfterMs } from './backoff.ts'
import { ProblemError, UnreachableError } from './problem-error.ts'

export interface ClientOptions {
  /** Address of the server: `http://127.0.0.1:8787`. A path in front of `/api/v1` is kept. */
  readonly url: string
  /** An API key, or the secret of a login. Without one, only public operations answer. */
  readonly key?: string
  /** The id of the organization to act in, for the login of a person in several. Without it: the one that was used last. Keys have one organization. */
  readonly org?: string
  /** Attempts in total for a request that may be repeated. 5 by default, of which none begins more than 30 s after the first. */
  readonly attempts?: number
  /** Called before the pause after an attempt that failed for a time. `reason`: in the words of the server, or that it cannot be reached. */
  readonly onRetry?: (reason: string) => void
  /** Time limit of one attempt. 70 s by default, more than the longest wait for a result. */
  readonly timeoutMs?: number
  readonly fetch?: typeof globalThis.fetch
}

export interface Answer {
  readonly response: Response
  readonly text: string
}

export interface Transport {
  readonly base: string
  /** The whole answer of the last attempt; its status may be that of a problem. */
  send(target: string, init: RequestInit & { readonly headers: Record<string, string> }, signal?: AbortSignal): Promise<Answer>
  /** One attempt without a time limit, for streams. */
  open(target: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response>
}

/** Slow refusals must not keep the caller waiting for minutes. */
const LAST_ATTEMPT_MS = 30_000

export function createTransport(options: ClientOptions): Transport {
  const { attempts = 5, timeoutMs = 70_000, fetch = globalThis.fetch, onRetry = () => undefined } = options
  const base = `${options.url.replace(/\/+$/, '')}/api/v1`
  const identity: Record<string, string> = options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }
  if (options.org !== undefined) identity['orrery-org'] = options.org

  return {
    base,
    async send(target, init, signal) {
      const until = Date.now() + LAST_ATTEMPT_MS
      for (let attempt = 1; ; attempt += 1) {
        const isLast = (waitMs: number) => attempt >= attempts || Date.now() + waitMs > until
        const limit = AbortSignal.timeout(timeoutMs)
        const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
        try {
          const response = await fetch(base + target, { ...init, headers: { ...identity, ...init.headers }, signal: either })
          // Read here, because a connection can also break in the middle of an answer.
          const text = await response.text()
          const waitMs = retryAfterMs(response.headers.get('retry-after')) ?? backoffMs(attempt)
          if (!isTemporary(response.status) || isLast(waitMs)) return { response, text }
          onRetry(readProblem(response, text).message)
          await pause(waitMs, signal)
        } catch (error) {
          signal?.throwIfAborted()
          const waitMs = backoffMs(attempt)
          if (isLast(waitMs)) throw new UnreachableError(options.url, error)
          onRetry(new UnreachableError(options.url, error).message)
          await pause(waitMs, signal)
        }
      }
    },
    open: (target, headers, signal) => fetch(base + target, { headers: { ...identity, ...headers }, signal }),
  }
}

/** Too many requests, or a proxy or a starting server. Every write carries an idempotency key, so repeating is safe. */
function isTemporary(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

export function readAnswer({ response, text }: Answer): unknown {
  if (!response.ok) throw readProblem(response, text)
  if (response.status === 204) return null
  const value = parseJson(text)
  if (value !== undefined) return value
  const detail = `${response.url} answered ${response.status} without JSON: it is not the address of an Orrery server`
  throw new ProblemError({ detail }, response.status)
}

/** Undefined if it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Turns an error response into a ProblemError, even if it is not a problem document (a proxy's page). */
export function readProblem(response: Response, text: string): ProblemError {
  const type = response.headers.get('content-type') ?? ''
  const body = /^application\/(problem\+)?json\b/.test(type) ? parseJson(text) : undefined
  if (typeof body !== 'object' || body === null) {
    return new ProblemError(
      { detail: `The server answered ${response.status} ${response.statusText} without a problem document` },
      response.status,
    )
  }
  return new ProblemError(body, response.status)
}
