import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { getCACertificates, connect as secure } from 'node:tls'
import { findAddresses, findRefusal } from './find-addresses.ts'
import { OutsideError, toOutsideError } from './outside-error.ts'
import type { OutsidePolicy } from './outside-policy.ts'
import type { Target } from './read-target.ts'

/** A connection to one of the target's checked addresses, which the signal destroys at any time. With TLS the certificate is that of the host's name. */
export async function openSocket(target: Target, policy: OutsidePolicy, signal: AbortSignal): Promise<Socket> {
  const { host, port, isSecure } = target
  const addresses = await findAddresses(target, policy)
  signal.throwIfAborted()
  const place = {
    host,
    port,
    lookup: answerWith(addresses),
    autoSelectFamily: addresses.length > 1,
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(policy.connectMs / addresses.length / 2)),
  }
  const socket = isSecure ? secure({ ...place, ...tlsOptions(host, policy), ALPNProtocols: ['http/1.1'] }) : connect(place)
  signal.addEventListener('abort', () => socket.destroy(signal.reason), { once: true })
  // It stays: a socket that fails while nobody reads from it must not end the process. Readers hear of it on their own.
  socket.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    socket.once(isSecure ? 'secureConnect' : 'connect', resolve)
    socket.once('error', (error) => reject(toOutsideError(error, 'connection', host, `Cannot connect to ${host}`)))
    socket.once('close', () => reject(new OutsideError('connection', host, `${host} closed the connection`)))
  })
  // Defence in depth: what we are connected to is checked once more, whatever the lines above were made to do.
  const { remoteAddress } = socket
  const gone = new OutsideError('connection', host, `${host} closed the connection`)
  const refusal = remoteAddress === undefined ? gone : findRefusal(remoteAddress, target, policy)
  if (refusal) {
    socket.destroy()
    throw refusal
  }
  return socket
}

/** Invariant: no name is resolved here. What was checked is what Node gets for an answer. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  const [first] = all
  return (_name, options, done) => {
    if (options.all) done(null, all)
    else done(null, first?.address ?? '', first?.family)
  }
}

/** How the other side of a TLS connection has to prove that it is this host. */
export function tlsOptions(host: string, { authority }: OutsidePolicy) {
  return {
    // An address is no server name (RFC 6066 section 3); the certificate is then compared with the address.
    servername: isIP(host) === 0 ? host : '',
    // Said aloud, because an environment variable can turn the default around.
    rejectUnauthorized: true,
    ...(authority === undefined ? {} : { ca: [...getCACertificates('default'), authority] }),
  }
}
