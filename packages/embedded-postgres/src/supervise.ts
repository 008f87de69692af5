/** Keeps one server running: starts it again when it dies, and gives up when that does not help. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Postmaster } from './postmaster.ts'

const restartsMax = 5
const restartWindowMs = 60_000
const firstPauseMs = 100

/** PostgreSQL is down and stays down. */
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
      const recent = deaths.filter((at) => performance.now() - at < restartWindowMs).length
      if (recent > restartsMax) {
        gaveUp = { message: `PostgreSQL died ${recent} times within ${restartWindowMs / 1000} s, last: ${reason}` }
        for (const listener of listeners) listener(gaveUp)
        return
      }
      log(`PostgreSQL died (${reason}): starting it again`)
      if (recent > 1) await delay(firstPauseMs * 2 ** (recent - 2))
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
