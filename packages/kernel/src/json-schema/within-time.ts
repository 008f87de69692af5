import { createContext, Script } from 'node:vm'

export type Timed<T> =
  | { readonly outcome: 'done'; readonly value: T }
  | { readonly outcome: 'timeout' }
  | { readonly outcome: 'error'; readonly error: unknown }

/** The global object of the script below. Calls run one after another and do not nest, so one object is enough. */
const box: { run: () => void } = { run: () => undefined }
const context = createContext(box)
const script = new Script('run()')

/** Retries stop when the wall-clock limit is more than this many times `limitMs`. Only a seriously overloaded machine gets there. */
const WALL_FACTOR_MAX = 32

/**
 * Runs trusted code on untrusted data, and stops it when it takes too long: V8 interrupts regular expressions and loops in every function
 * that the script calls. A call costs a quarter of a millisecond. It limits time only: `work` has all rights of the caller.
 *
 * V8 measures wall-clock time, which on a busy machine says little about the work. So work that was stopped before it used its processor
 * time runs again from the start with a longer wall-clock limit.
 * @param limitMs processor time. @param work may run several times
 */
export function withinTime<T>(limitMs: number, work: () => T): Timed<T> {
  for (let wallMs = limitMs; ; wallMs *= 4) {
    const from = usedMs()
    const timed = runOnce(wallMs, work)
    if (timed.outcome !== 'timeout' || usedMs() - from >= limitMs / 2 || wallMs > limitMs * WALL_FACTOR_MAX) return timed
  }
}

function runOnce<T>(wallMs: number, work: () => T): Timed<T> {
  let done: Timed<T> = { outcome: 'timeout' }
  box.run = () => {
    done = { outcome: 'done', value: work() }
  }
  try {
    script.runInContext(context, { timeout: wallMs })
    return done
  } catch (error) {
    // The error comes from the other context, so `instanceof Error` does not work.
    const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { outcome: 'timeout' }
    return { outcome: 'error', error }
  } finally {
    box.run = () => undefined
  }
}

/** Processor time of this thread if Node can measure that (23.9 and later), otherwise of the process. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage()
  return (user + system) / 1000
}
