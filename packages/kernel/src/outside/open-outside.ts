import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { type ExchangeClock, startExchangeClock } from './exchange-clock.ts'
import { openSocket } from './open-socket.ts'
import { type Outgoing, type OutsideRequest, readRequest, redirectRequest } from './outgoing.ts'
import { OutsideError } from './outside-error.ts'
import type { OutsidePolicy } from './outside-policy.ts'
import { readBody } from './read-body.ts'
import { sendOutgoing } from './send-outgoing.ts'

export interface OutsideStream {
  readonly status: number
  /** Without `content-encoding` and `content-length` if the body was decoded, because they describe the encoded body. */
  readonly headers: Headers
  /** The URL of the answer, after all redirects. */
  readonly url: string
  /** The caller must read or destroy it. It fails with an OutsideError, at the latest after `policy.totalMs`. */
  readonly body: Readable
}

/** Like `fetchOutside`, with the same checks, for an answer that is read while it arrives, such as server-sent events. */
export async function openOutside(request: OutsideRequest, policy: OutsidePolicy): Promise<OutsideStream> {
  const first = readRequest(request, policy)
  const clock = startExchangeClock(policy.totalMs, first.target.host, request.signal)
  let socket: Socket | undefined
  try {
    let outgoing = first
    for (let hops = 0; ; hops += 1) {
      const hop = await sendHop(outgoing, policy, clock)
      socket = hop.socket
      const next = findRedirect(outgoing, hop.answer, request, hops, policy)
      if (!next) return toStream(outgoing, hop, policy, clock)
      socket.destroy()
      outgoing = next
    }
  } catch (error) {
    socket?.destroy()
    clock.stop()
    throw error
  }
}

interface Hop {
  readonly socket: Socket
  readonly answer: IncomingMessage
}

async function sendHop(outgoing: Outgoing, policy: OutsidePolicy, clock: ExchangeClock): Promise<Hop> {
  const { host } = outgoing.target
  const socket = await clock.within(policy.connectMs, host, 'connect', () => openSocket(outgoing.target, policy, clock.signal))
  try {
    const answer = await clock.within(policy.headersMs, host, 'send headers', () => sendOutgoing(outgoing, socket, policy))
    return { socket, answer }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function findRedirect(from: Outgoing, answer: IncomingMessage, { redirect }: OutsideRequest, hops: number, policy: OutsidePolicy) {
  const status = answer.statusCode ?? 0
  const { location } = answer.headers
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined || redirect === 'manual') return undefined
  const { host } = from.target
  if (redirect === 'error') throw new OutsideError('redirect', host, `${host} answers with a redirect, which is not followed here`)
  if (hops >= policy.redirectsMax) throw new OutsideError('redirect', host, `${host} redirects more than ${hops} times`)
  return redirectRequest(from, status, location)
}

function toStream({ target, method }: Outgoing, { socket, answer }: Hop, policy: OutsidePolicy, clock: ExchangeClock): OutsideStream {
  const status = answer.statusCode ?? 0
  const { host, url } = target
  if (status < 200 || status > 599)
    throw new OutsideError('answer', host, `${host} answers with ${status}, which is not a valid HTTP status`)
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
  const headers = readHeaders(answer, host)
  const body = readBody(answer, { host, hasBody, bytesMax: policy.answerBytesMax, signal: clock.signal })
  if (hasBody && headers.has('content-encoding')) {
    headers.delete('content-encoding')
    headers.delete('content-length')
  }
  body.once('close', () => {
    clock.stop()
    socket.destroy()
  })
  return { status, headers, url: url.href, body }
}

function readHeaders({ rawHeaders }: IncomingMessage, host: string): Headers {
  try {
    return new Headers(
      Array.from({ length: rawHeaders.length / 2 }, (_, n): [string, string] => [rawHeaders[2 * n] ?? '', rawHeaders[2 * n + 1] ?? '']),
    )
  } catch {
    // Node's parser accepts headers that the Fetch standard rejects. The error of `Headers` would contain the value.
    throw new OutsideError('answer', host, `${host} sends a header that cannot be read`)
  }
}
