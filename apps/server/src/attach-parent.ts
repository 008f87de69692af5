import type { Running } from './compose.ts'
import type { StopRequests } from './listen-for-stop.ts'

/**
 * For a program of ours that started this process over an IPC channel and sends `{ type: 'attach' }` (`orrery dev`): it is
 * told where the server is, with the key if one was made, and the server stops when that program is gone.
 */
export function attachParent(running: Promise<Running>, stop: Pick<StopRequests, 'ask'>): void {
  if (process.channel === undefined) return
  process.on('message', (message) => {
    if (!isAttach(message)) return
    const leave = () => stop.ask('the program that started this server is gone')
    process.once('disconnect', leave)
    // It may be gone by the time that its message is read.
    if (!process.connected) return leave()
    running.then(
      ({ url, adminKey }) => void process.send?.({ type: 'ready', url, key: adminKey }),
      // The start reports its failure itself; the parent sees the process end.
      () => {},
    )
  })
}

function isAttach(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'attach'
}
