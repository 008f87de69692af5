import { backoffMs, pause, retryAfterMs } from './backoff.ts'
import { ProblemError, UnreachableError } from './problem-error.ts'

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:8787`. A path before `/api/v1` is kept. */
  readonly url: string
  /** An API key. Absent: only public operations answer. */
  readonly key?: string
  /** Attempts in all for a request that may be repeated. 5 by default. */
  readonly attempts?: number
  /** How long one attempt may take. 70 s by default, more than the longest wait for a result. */
  readonly timeoutMs?: number
  readonly fetch?: typeof globalThis.fetch
}

export interface Transport {
  readonly base: string
  /** The answer of an attempt that was not worth repeating; its status may be a problem's. */
  send(target: string, init: RequestInit & { readonly headers: Record<string, string> }, signal?: AbortSignal): Promise<Response>
  /** One attempt without a time limit, for streams. */
  open(target: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response>
}

export function createTransport(options: ClientOptions): Transport {
  const { attempts = 5, timeoutMs = 70_000, fetch = globalThis.fetch } = options
  const base = `${options.url.replace(/\/+$/, '')}/api/v1`
  const identity: Record<string, string> = options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }

  return {
    base,
    async send(target, init, signal) {
      for (let attempt = 1; ; attempt += 1) {
        const limit = AbortSignal.timeout(timeoutMs)
        const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
        try {
          const response = await fetch(base + target, { ...init, headers: { ...identity, ...init.headers }, signal: either })
          if (attempt >= attempts || !mayPass(response.status)) return response
          await response.body?.cancel()
          await pause(retryAfterMs(response.headers.get('retry-after')) ?? backoffMs(attempt), signal)
        } catch (error) {
          signal?.throwIfAborted()
          if (attempt >= attempts) throw new UnreachableError(options.url, error)
          await pause(backoffMs(attempt), signal)
        }
      }
    },
    open: (target, headers, signal) => fetch(base + target, { headers: { ...identity, ...headers }, signal }),
  }
}

/** Too many requests, and what a proxy or a starting server says. Every write carries an idempotency key, so repeating is safe. */
function mayPass(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

export async function readAnswer(response: Response): Promise<unknown> {
  if (!response.ok) throw await readProblem(response)
  return response.status === 204 ? null : await response.json()
}

/** An answer that is not a problem document (a proxy's page) still becomes one. */
export async function readProblem(response: Response): Promise<ProblemError> {
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  if (!/^application\/(problem\+)?json\b/.test(type)) {
    return new ProblemError(
      { detail: `The server answered ${response.status} ${response.statusText} without a problem document` },
      response.status,
    )
  }
  const body: unknown = JSON.parse(text)
  return new ProblemError(typeof body === 'object' && body !== null ? body : {}, response.status)
}
