import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import type { OutsideAllow } from './outside-allow.ts'

/** Which systems outside may be reached, and the limits of time and size. Start from `outsidePolicy` and replace what differs. */
export interface OutsidePolicy {
  readonly allow: OutsideAllow
  /** Whether connections to MCP servers may start programs on this machine. */
  readonly mayStartPrograms: boolean
  readonly isPortOpen: (port: number) => boolean
  /** Returns all addresses of a name. Called once for each hop; nothing else resolves names. */
  readonly resolve: (name: string) => Promise<readonly string[]>
  /** This machine's own addresses, including the public ones: no firewall protects local listeners from requests to these addresses. */
  readonly ownAddresses: () => readonly string[]
  /** A certificate authority in PEM that is trusted in addition to Node's own. */
  readonly authority: string | undefined
  /** For name resolution, TCP and TLS together, for each hop. */
  readonly connectMs: number
  /** From the first byte of the request to the last header of the answer, for each hop. */
  readonly headersMs: number
  /** For everything, including all hops and the body. */
  readonly totalMs: number
  readonly redirectsMax: number
  readonly requestBytesMax: number
  /** Applies to the body as it was sent, and again to the decoded body. */
  readonly answerBytesMax: number
  readonly headersMax: number
  readonly headerBytesMax: number
}

export const outsidePolicy: OutsidePolicy = {
  allow: [],
  mayStartPrograms: false,
  isPortOpen,
  resolve: async (name) => (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address),
  ownAddresses: () => Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
  authority: undefined,
  connectMs: 5_000,
  headersMs: 15_000,
  totalMs: 30_000,
  redirectsMax: 5,
  requestBytesMax: 10_000_000,
  answerBytesMax: 10_000_000,
  headersMax: 100,
  headerBytesMax: 32_768,
}

/**
 * Ports above 1023 of other protocols, whose servers could mistake an HTTP request for their own: the Fetch standard, section "Port
 * blocking".
 */
const otherProtocols = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/** The ports of HTTP and HTTPS, and the ports above 1023, except those of other protocols. */
function isPortOpen(port: number): boolean {
  return port === 80 || port === 443 || (port > 1023 && !otherProtocols.has(port))
}
