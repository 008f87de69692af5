import type { IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** More than any operation takes unless the server is told otherwise, and longer than what was sent already takes to arrive. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_MS = 2_000

/**
 * Reads to nowhere what is left of the body of a request that was answered without it: the client may have sent all
 * of it, and counts on the connection for its next request. False: there is more than that, and the connection has to
 * be closed (RFC 9112 9.3).
 */
export async function discardBody(incoming: IncomingMessage): Promise<boolean> {
  if (incoming.complete || incoming.destroyed) return incoming.complete
  const given = new AbortController()
  const giveUp = () => given.abort()
  let left = MAX_BYTES
  // Whoever began to read it and stopped would have it wait.
  incoming.removeAllListeners('data')
  incoming.on('data', (chunk: Uint8Array) => {
    left -= chunk.byteLength
    if (left < 0) giveUp()
  })
  incoming.on('end', giveUp).on('close', giveUp).on('error', giveUp).resume()
  await pause(MAX_MS, undefined, { signal: given.signal, ref: false }).catch(() => undefined)
  return incoming.complete
}
