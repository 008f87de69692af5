/** One request to a server, and what is wrong with its answer. */
import { performance } from 'node:perf_hooks'
import type { Server } from './world.ts'

export interface Request {
  readonly path: string
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly bearer?: string
  /** How long it may wait by its own wish. */
  readonly waitMs?: number
  /** Statuses besides 2xx and 503 that are right here. */
  readonly right?: readonly number[]
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** A request is answered within this time, or after it in addition to the time for which it asked to wait. */
export const ANSWER_MS_MAX = 35_000
const GIVE_UP_MS = 60_000
const EXAMPLES_MAX = 5

/** Counts of all answers, and those that may not be. */
export class Answers {
  readonly statuses: Record<string, number> = {}
  readonly faults = new Map<string, string[]>()
  slowestMs = 0

  /** Returns null for any answer that does not say that the request was done. */
  async ask(server: Server, request: Request): Promise<Answer | null> {
    const { path, method = request.body === undefined ? 'GET' : 'POST', body, headers = {}, bearer, waitMs = 0, right = [] } = request
    const begun = performance.now()
    try {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: {
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(GIVE_UP_MS + waitMs),
      })
      const text = await response.text()
      const { status } = response
      this.statuses[status] = (this.statuses[status] ?? 0) + 1
      const what = `${server.name}: ${method} ${path.replaceAll(/_[\w-]{20,}/g, '_…')}: ${status} ${text.slice(0, 300)}`
      const isRight =
        response.ok || right.includes(status) || (status === 503 && (response.headers.has('retry-after') || path === '/health'))
      if (!isRight) this.note(`an answer of ${status}`, what)
      if (status !== 500 && /"status":\s*500|"code":\s*"internal"/.test(text)) this.note('a problem of ours in an answer', what)
      const isDone = response.ok && !text.includes('/docs/problems/')
      return isDone ? { status, text } : null
    } catch (error) {
      this.note(
        'a request without an answer',
        `${server.name}: ${method} ${path}: ${String(error)} ${String((error as Error).cause ?? '')}`,
      )
      return null
    } finally {
      const tookMs = Math.round(performance.now() - begun - waitMs)
      this.slowestMs = Math.max(this.slowestMs, tookMs)
      if (tookMs > ANSWER_MS_MAX) this.note('an answer that is too late', `${server.name}: ${method} ${path}: ${tookMs} ms`)
    }
  }

  note(rule: string, example: string): void {
    const known = this.faults.get(rule)
    if (known === undefined) this.faults.set(rule, [example])
    else if (known.length < EXAMPLES_MAX) known.push(example)
    else known.push('…')
  }
}
