import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import type { OutsideAllow } from './outside-allow.ts'

/** What may be reached outside, and how much time and space it may take. Start from `outsidePolicy` and replace what differs. */
export interface OutsidePolicy {
  readonly allow: OutsideAllow
  /** Whether connections may start programs on this machine. */
  readonly mayStartPrograms: boolean
  readonly isPortOpen: (port: number) => boolean
  /** All addresses of a name. Asked once for each hop; nothing else on the way to a connection resolves names. */
  readonly resolve: (name: string) => Promise<readonly string[]>
  /** This machine's own addresses, the public ones too: no firewall stands between them and what listens here. */
  readonly ownAddresses: () => readonly string[]
  /** A certificate authority in PEM, trusted besides those that Node trusts. */
  readonly authority: string | undefined
  /** Name, TCP and TLS together, for each hop. */
  readonly connectMs: number
  /** From the request's first byte to the answer's last header, for each hop. */
  readonly headersMs: number
  /** Everything, all hops and the body included. */
  readonly totalMs: number
  readonly redirectsMax: number
  readonly requestBytesMax: number
  /** Of a body as sent, and again when decoded. */
  readonly answerBytesMax: number
  readonly headersMax: number
  readonly headerBytesMax: number
}

export const outsidePolicy: OutsidePolicy = {
  allow: [],
  mayStartPrograms: false,
  isPortOpen,
  resolve: async (name) => (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address),
  ownAddresses: () => Object.values(networkInterfaces()).flatMap((faces) => (faces ?? []).map(({ address }) => address)),
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

/** Ports above 1023 on which other protocols live that would take an HTTP request for their own: the Fetch standard, section "Port blocking". */
const otherProtocols = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/** The two ports of the web, and those that any program may take. */
function isPortOpen(port: number): boolean {
  return port === 80 || port === 443 || (port > 1023 && !otherProtocols.has(port))
}
