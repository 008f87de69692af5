import type { Running } from './compose.ts'
import type { StopRequests } from './listen-for-stop.ts'
import type { TellNews } from './project/project-news.ts'

/** More news than this are not kept for a parent that is slow to read them. */
const WAITING_MAX = 1000

/** Sends the news of the project to the parent. A step can log faster than a terminal shows. */
export function tellParent(): TellNews | undefined {
  if (process.channel === undefined) return undefined
  let waiting = 0
  return (news) => {
    if (waiting >= WAITING_MAX || !process.connected) return
    waiting += 1
    process.send?.({ type: 'news', news }, () => void (waiting -= 1))
  }
}

/**
 * Serves a parent process that started this one with an IPC channel and sends `{ type: 'attach' }` (`orrery dev`). The parent
 * gets the address of the server, the key if this start made one, and the link that makes the first person. When the parent exits, the server stops.
 */
export function attachParent(running: Promise<Running>, stop: Pick<StopRequests, 'ask'>): void {
  if (process.channel === undefined) return
  process.on('message', (message) => {
    if (!isAttach(message)) return
    const requestStop = () => stop.ask('the program that started this server has exited')
    process.once('disconnect', requestStop)
    // The parent may have exited before its message was read.
    if (!process.connected) return requestStop()
    running.then(
      ({ url, adminKey, setupUrl }) => void process.send?.({ type: 'ready', url, key: adminKey, setup: setupUrl }),
      // `main` reports a failed start; the parent sees this process exit.
      () => {},
    )
  })
}

function isAttach(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'attach'
}
