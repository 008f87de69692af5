import type { Logger } from './observe/logger.ts'

export interface StopRequests {
  /** Fires at the first request to stop, whatever this process is doing then. */
  readonly asked: AbortSignal
  /** Asks for it from inside. `why` is told. */
  ask(why: string): void
}

/** Ctrl-C, a supervisor, a terminal that was closed. Windows knows SIGBREAK besides. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK'] as const

/** A terminal, npm and many supervisors signal every process of a group, and the parent passes it on: still one request. */
const SAME_REQUEST_MS = 1000

/** The first signal stops in order; whoever sends a second one is in a hurry. */
export function listenForStop(log: Logger): StopRequests {
  const stop = new AbortController()
  let askedAt = 0
  const ask = (why: string): void => {
    if (stop.signal.aborted) {
      if (performance.now() - askedAt > SAME_REQUEST_MS) process.exit(130)
      return
    }
    askedAt = performance.now()
    log.info(`${why}: stopping; once more to stop at once`)
    stop.abort(new StopAsked(why))
  }
  for (const signal of SIGNALS) process.on(signal, () => ask(signal))
  return { asked: stop.signal, ask }
}

/** Why a start was given up. No failure. */
class StopAsked extends Error {
  override readonly name = 'StopAsked'
}
