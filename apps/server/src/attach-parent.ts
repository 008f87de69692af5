import type { Running } from './compose.ts'
import type { StopRequests } from './listen-for-stop.ts'

/**
 * Serves a parent process that started this one with an IPC channel and sends `{ type: 'attach' }` (`orrery dev`). The parent
 * gets the address of the server, and the key if this start made one. When the parent exits, the server stops.
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
      ({ url, adminKey }) => void process.send?.({ type: 'ready', url, key: adminKey }),
      // `main` reports a failed start; the parent sees this process exit.
      () => {},
    )
  })
}

function isAttach(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'attach'
}
