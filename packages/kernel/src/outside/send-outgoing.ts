import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Outgoing } from './outgoing.ts'
import { OutsideError, toOutsideError } from './outside-error.ts'
import type { OutsidePolicy } from './outside-policy.ts'

/** Sends one request and returns the answer when its headers are complete. The connection is used for nothing else. */
export async function sendOutgoing(outgoing: Outgoing, socket: Socket, policy: OutsidePolicy): Promise<IncomingMessage> {
  const { target, method, headers, body } = outgoing
  const { host, url } = target
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const hasLength = body !== undefined || /^(POST|PUT|PATCH)$/.test(method)
  const sent = request({
    createConnection: () => socket,
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      'user-agent': 'orrery',
      accept: '*/*',
      ...Object.fromEntries(headers),
      host: url.host,
      'accept-encoding': 'gzip, br',
      ...(hasLength ? { 'content-length': body?.length ?? 0 } : {}),
    },
    maxHeaderSize: policy.headerBytesMax,
    insecureHTTPParser: false,
  })
  // Node silently drops headers beyond this count. One header more than the limit shows that there were too many.
  sent.maxHeadersCount = policy.headersMax + 1
  sent.once('response', resolve)
  sent.once('close', () => reject(new OutsideError('connection', host, `${host} closed the connection without an answer`)))
  sent.on('error', (error) => {
    const isHttp = !('code' in error && typeof error.code === 'string' && error.code.startsWith('HPE_'))
    const what = isHttp ? `The connection to ${host} was lost` : `The answer of ${host} cannot be read`
    reject(toOutsideError(error, isHttp ? 'connection' : 'answer', host, what))
  })
  sent.end(body)
  const answer = await promise
  if (answer.rawHeaders.length / 2 > policy.headersMax) {
    throw new OutsideError('size', host, `The answer of ${host} has more than ${policy.headersMax} headers`)
  }
  return answer
}
