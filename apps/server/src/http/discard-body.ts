import type { IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** More than any operation accepts by default, and more time than data that is already sent needs to arrive. */
const DISCARDED_BYTES_MAX = 64 * 1024 * 1024
const DISCARD_MS_MAX = 2_000

/**
 * Reads and drops the rest of the body of a request that was answered without it, because the client may have sent the
 * whole body and expects to reuse the connection. Returns false if the limits were reached: then the connection must be
 * closed (RFC 9112 9.3).
 */
export async function discardBody(incoming: IncomingMessage): Promise<boolean> {
  if (incoming.complete || incoming.destroyed) return incoming.complete
  const waiting = new AbortController()
  const endWait = () => waiting.abort()
  let left = DISCARDED_BYTES_MAX
  // A reader that began and stopped may have left a listener that would pause the stream.
  incoming.removeAllListeners('data')
  incoming.on('data', (chunk: Uint8Array) => {
    left -= chunk.byteLength
    if (left < 0) endWait()
  })
  incoming.on('end', endWait).on('close', endWait).on('error', endWait).resume()
  await pause(DISCARD_MS_MAX, undefined, { signal: waiting.signal, ref: false }).catch(() => undefined)
  return incoming.complete
}
