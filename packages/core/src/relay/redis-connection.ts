/** The least that is asked of Redis: a connection that is there or is not, and commands that end in time. */

export interface RedisConnection {
  /** Sends all at once, in order, and gives the answers. Rejects at the first error, without waiting for the others. */
  send(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<unknown[]>
  /** At once; what is in progress fails. */
  close(): void
}

const CONNECT_MS = 5_000

/** Nothing is tried again here and nothing waits for a connection to come back: whoever has work tries again, with a new one. */
export async function openRedis(url: string, signal: AbortSignal): Promise<RedisConnection> {
  // Loaded by those alone who have a Redis.
  const { createClient } = await import('@redis/client')
  const client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false } })
  // Whoever sends hears of a broken connection from the command that fails.
  client.on('error', () => undefined)
  const close = () => {
    if (client.isOpen) client.destroy()
  }
  try {
    await within(client.connect(), signal)
  } catch (error) {
    close()
    throw error
  }
  return {
    send: (commands, until) => within(Promise.all(commands.map((command) => client.sendCommand([...command]))), until),
    close,
  }
}

/** Rejects when the signal fires, whatever becomes of the work. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
