/** Keeps one server running: restarts it when it dies, and stops trying after repeated deaths. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Postmaster } from './postmaster.ts'

const RESTARTS_MAX = 5
const RESTART_WINDOW_MS = 60_000
const FIRST_PAUSE_MS = 100

/** PostgreSQL has ended and will not be restarted. */
export interface ExitReason {
  readonly message: string
}

export interface Supervision {
  pid(): number
  stop(): Promise<void>
  onExit(listener: (reason: ExitReason) => void): void
}

export function supervise(first: Postmaster, restart: () => Promise<Postmaster>, log: (message: string) => void): Supervision {
  let current = first
  let isStopping = false
  let gaveUp: ExitReason | undefined
  const listeners: ((reason: ExitReason) => void)[] = []

  const watching = (async () => {
    const deaths: number[] = []
    for (let reason = await first.exited; !isStopping; ) {
      deaths.push(performance.now())
      const recent = deaths.filter((at) => performance.now() - at < RESTART_WINDOW_MS).length
      if (recent > RESTARTS_MAX) {
        gaveUp = { message: `PostgreSQL died ${recent} times within ${RESTART_WINDOW_MS / 1000} s, last: ${reason}` }
        for (const listener of listeners) listener(gaveUp)
        return
      }
      log(`PostgreSQL died (${reason}): restarting it`)
      if (recent > 1) await delay(FIRST_PAUSE_MS * 2 ** (recent - 2))
      try {
        current = await restart()
        if (isStopping) await current.stop()
        reason = await current.exited
      } catch (cause) {
        reason = (cause as Error).message
      }
    }
  })()

  return {
    pid: () => current.pid,
    stop: async () => {
      isStopping = true
      await current.stop()
      await watching
    },
    onExit: (listener) => {
      if (gaveUp) listener(gaveUp)
      else listeners.push(listener)
    },
  }
}
