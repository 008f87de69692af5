import { isIP, type Socket } from 'node:net'
import { type OutsidePolicy, openSocket, readTarget, startExchangeClock } from '@orrery/kernel'

/** Ports for sending and reading mail. They are open in addition to the ports of the policy. */
const mailPorts = new Set([25, 143, 465, 587, 993])

/**
 * Connects to a mail server through the same guard as every fetch, to one of its checked addresses. The caller starts TLS. The socket is
 * destroyed when the signal fires or the total time of the policy has passed.
 * @throws OutsideError
 */
export async function openMailSocket(host: string, port: number, outside: OutsidePolicy, signal: AbortSignal): Promise<Socket> {
  const target = readTarget(`http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`)
  const policy = { ...outside, isPortOpen: (one: number) => mailPorts.has(one) || outside.isPortOpen(one) }
  const clock = startExchangeClock(outside.totalMs, target.host, signal)
  try {
    const socket = await clock.within(outside.connectMs, target.host, 'connect', () => openSocket(target, policy, clock.signal))
    socket.once('close', () => clock.stop())
    return socket
  } catch (error) {
    clock.stop()
    throw error
  }
}

/** Whether TLS failed because of the certificate, which is not retryable. @param code error code of Node, such as `CERT_HAS_EXPIRED` */
export function isCertificateError(code: string): boolean {
  return /CERT|ALTNAME|ISSUER|SIGN|CRL/.test(code)
}
