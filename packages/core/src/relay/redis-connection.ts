/** The minimum that the relay needs of Redis: a connection that is open or closed, and commands with a time limit. */

export interface RedisConnection {
  /** Sends all commands at once, in order, and returns the answers. Rejects at the first error, without waiting for the others. */
  send(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<unknown[]>
  /** Closes at once. Commands in progress fail. */
  close(): void
}

const CONNECT_MS = 5_000

/** Opens a connection without retries and without a queue for the time it is down. The caller tries again, with a new connection. */
export async function openRedis(url: string, signal: AbortSignal): Promise<RedisConnection> {
  // Loaded here, so that an installation without Redis does not load the client.
  const { createClient } = await import('@redis/client')
  const client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false } })
  // A broken connection also fails the command in progress, so the event needs no handling.
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

/** Rejects when the signal fires, even if the work never ends. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
