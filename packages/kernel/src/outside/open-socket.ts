import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { getCACertificates, connect as secure } from 'node:tls'
import { findAddresses, findRefusal } from './find-addresses.ts'
import { OutsideError, toOutsideError } from './outside-error.ts'
import type { OutsidePolicy } from './outside-policy.ts'
import type { Target } from './read-target.ts'

/**
 * Connects to one of the target's checked addresses. With TLS, the certificate must be valid for the host. Aborting the signal destroys the
 * socket at any time.
 */
export async function openSocket(target: Target, policy: OutsidePolicy, signal: AbortSignal): Promise<Socket> {
  const { host, port, isSecure } = target
  const addresses = await findAddresses(target, policy)
  signal.throwIfAborted()
  const options = {
    host,
    port,
    lookup: answerWith(addresses),
    autoSelectFamily: addresses.length > 1,
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(policy.connectMs / addresses.length / 2)),
  }
  const socket = isSecure ? secure({ ...options, ...tlsOptions(host, policy), ALPNProtocols: ['http/1.1'] }) : connect(options)
  signal.addEventListener('abort', () => socket.destroy(signal.reason), { once: true })
  // This listener stays: a socket that fails while no one reads from it must not end the process. Readers get the error by themselves.
  socket.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    socket.once(isSecure ? 'secureConnect' : 'connect', resolve)
    socket.once('error', (error) => reject(toOutsideError(error, 'connection', host, `Cannot connect to ${host}`)))
    socket.once('close', () => reject(new OutsideError('connection', host, `${host} closed the connection`)))
  })
  // Defence in depth: the address of the open connection is checked once more.
  const { remoteAddress } = socket
  const gone = new OutsideError('connection', host, `${host} closed the connection`)
  const refusal = remoteAddress === undefined ? gone : findRefusal(remoteAddress, target, policy)
  if (refusal) {
    socket.destroy()
    throw refusal
  }
  return socket
}

/** Invariant: no name is resolved here. Node's lookup gets exactly the addresses that were checked. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  const [first] = all
  return (_name, options, done) => {
    if (options.all) done(null, all)
    else done(null, first?.address ?? '', first?.family)
  }
}

/** TLS options that make the other side prove that it is this host. */
export function tlsOptions(host: string, { authority }: OutsidePolicy) {
  return {
    // An address must not be sent as server name (RFC 6066 section 3). Node then compares the certificate with the address.
    servername: isIP(host) === 0 ? host : '',
    // Explicit, because an environment variable can change the default.
    rejectUnauthorized: true,
    ...(authority === undefined ? {} : { ca: [...getCACertificates('default'), authority] }),
  }
}
