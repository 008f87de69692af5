import type { Logger } from './observe/logger.ts'

export interface StopRequests {
  /** Fires at the first request to stop, also during the start. */
  readonly asked: AbortSignal
  /** Requests a stop from inside the process. `why` is logged. */
  ask(why: string): void
}

/** Sent by Ctrl-C, a supervisor, or a terminal that closes. SIGBREAK is Windows only. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK'] as const

/**
 * A terminal, npm and many supervisors signal every process of a group, and the parent forwards the signal too. Signals that
 * arrive within this time count as one request.
 */
const SAME_REQUEST_MS = 1000

/** The first signal asks for an orderly stop; a second one exits at once with code 130. */
export function listenForStop(log: Logger): StopRequests {
  const stop = new AbortController()
  let askedAt = 0
  const ask = (why: string): void => {
    if (stop.signal.aborted) {
      if (performance.now() - askedAt > SAME_REQUEST_MS) process.exit(130)
      return
    }
    askedAt = performance.now()
    log.info(`${why}: stopping; send it again to stop at once`)
    stop.abort(new StopAsked(why))
  }
  for (const signal of SIGNALS) process.on(signal, () => ask(signal))
  return { asked: stop.signal, ask }
}

/** Why a start was abandoned. Not a failure. */
class StopAsked extends Error {
  override readonly name = 'StopAsked'
}
