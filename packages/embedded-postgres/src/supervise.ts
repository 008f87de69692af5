/** Keeps one server running: restarts it when it dies, and stops trying after repeated deaths, but for as long as its disk is full. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Postmaster } from './postmaster.ts'

const RESTARTS_MAX = 5
const RESTART_WINDOW_MS = 60_000
const FIRST_PAUSE_MS = 100
/** What the server's log says when it cannot start because the disk is full. */
const NO_SPACE = /No space left on device/
const NO_SPACE_PAUSE_MS = 1000

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
    let isFull = false
    for (let reason = await first.exited; !isStopping; ) {
      const wasFull = isFull
      isFull = NO_SPACE.test(reason)
      if (isFull) await delay(NO_SPACE_PAUSE_MS)
      else deaths.push(performance.now())
      const recent = deaths.filter((at) => performance.now() - at < RESTART_WINDOW_MS).length
      if (recent > RESTARTS_MAX) {
        gaveUp = { message: `PostgreSQL died ${recent} times within ${RESTART_WINDOW_MS / 1000} s, last: ${reason}` }
        for (const listener of listeners) listener(gaveUp)
        return
      }
      if (isFull && !wasFull) log('The disk is full, so PostgreSQL cannot start: it is started again until there is space')
      else if (!isFull) log(`PostgreSQL died (${reason}): restarting it`)
      if (recent > 1 && !isFull) await delay(FIRST_PAUSE_MS * 2 ** (recent - 2))
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
