import { createContext, Script } from 'node:vm'

export type Timed<T> =
  | { readonly outcome: 'done'; readonly value: T }
  | { readonly outcome: 'timeout' }
  | { readonly outcome: 'error'; readonly error: unknown }

/** What the script below finds. Calls follow one another and do not nest, so one box is enough. */
const box: { run: () => void } = { run: () => undefined }
const context = createContext(box)
const script = new Script('run()')

/** A machine that is so busy that nothing gets done in this many times the limit has worse troubles. */
const PATIENCE = 32

/**
 * Runs code of ours over somebody else's data, and ends it when it takes too long: V8 stops regular expressions and loops in any function
 * that the script calls. This costs a quarter of a millisecond and bounds time, nothing else: what runs has all rights of the caller.
 *
 * V8 looks at the clock on the wall. On a busy machine that says little of the work, so what was stopped without having had its time on the processor
 * is run again from the start, with more patience.
 * @param limitMs of the processor. @param work may be run several times.
 */
export function withinTime<T>(limitMs: number, work: () => T): Timed<T> {
  for (let wallMs = limitMs; ; wallMs *= 4) {
    const from = usedMs()
    const timed = runOnce(wallMs, work)
    if (timed.outcome !== 'timeout' || usedMs() - from >= limitMs / 2 || wallMs > limitMs * PATIENCE) return timed
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
    // It is an error of the other context's.
    const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { outcome: 'timeout' }
    return { outcome: 'error', error }
  } finally {
    box.run = () => undefined
  }
}

/** Of this thread, where Node can tell (23.9); else of the process. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage()
  return (user + system) / 1000
}
