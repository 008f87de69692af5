import { isIP, type Socket } from 'node:net'
import { type OutsidePolicy, openSocket, readTarget, startExchangeClock } from '@orrery/kernel'

/** Submission, its older ports, and those of mailboxes; besides, what is open to any program. */
const mailPorts = new Set([25, 143, 465, 587, 993])

/**
 * A connection to a mail server behind the same guard as every fetch: to one of its checked addresses. TLS is begun by whoever speaks the
 * protocol. It is destroyed by the signal, and when the policy's whole time has passed.
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

/** Whether TLS failed because of the certificate: no other attempt makes that a better one. @param code of Node, such as `CERT_HAS_EXPIRED` */
export function isUntrusted(code: string): boolean {
  return /CERT|ALTNAME|ISSUER|SIGN|CRL/.test(code)
}
