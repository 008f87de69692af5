import { ToolError } from './tool-port.ts'

/**
 * Returns the result of `work`. Rejects as soon as the time limit passes or the caller's signal fires, even if `work` ignores its signal.
 */
export async function withinLimit<T>(
  outer: AbortSignal,
  limitMs: number,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted()
  const inner = new AbortController()
  const limit = setTimeout(
    () => inner.abort(new ToolError('TimeoutError', `${name} took longer than ${limitMs} ms`, { isRetryable: true })),
    limitMs,
  )
  const stop = () => inner.abort(outer.reason)
  outer.addEventListener('abort', stop, { once: true })
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  inner.signal.addEventListener('abort', () => reject(inner.signal.reason), { once: true })
  try {
    return await Promise.race([work(inner.signal), stopped])
  } finally {
    clearTimeout(limit)
    outer.removeEventListener('abort', stop)
  }
}
