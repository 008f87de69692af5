import { type BlockList, isIP } from 'node:net'
import { type AddressKind, blockList } from './judge-address.ts'

/** What an installation's operator opens besides the public internet. Without a port, an entry opens every port that is open outside too. */
interface Entry {
  readonly place: { readonly name: string } | { readonly range: BlockList; readonly isOneAddress: boolean }
  readonly port: number | undefined
}
export type OutsideAllow = readonly Entry[]

/**
 * Reads the setting `ORRERY_OUTSIDE_ALLOW`: entries with commas or spaces between them, each a name, an address or a CIDR range, the first two with a
 * port if only that is meant: `127.0.0.1:8080, 10.0.0.0/8, tools.lan, [fd00::5]:443`.
 * @throws TypeError that names the entry, when one cannot be read: a typing error must not open or close anything unseen.
 */
export function readOutsideAllow(text: string): OutsideAllow {
  return text.split(/[\s,]+/).flatMap((word) => (word === '' ? [] : [readEntry(word)]))
}

/**
 * Whether the operator opened this address, reached under this host name. A name opens loopback and private networks only: who runs that name's DNS
 * does not get the rest. Where clouds keep credentials (`metadata`) has to be named by its very address.
 * @returns `port` when it also opens a port that would be closed outside.
 */
export function findAllowed(
  allow: OutsideAllow,
  host: string,
  port: number,
  address: string,
  kind: AddressKind,
): 'address' | 'port' | undefined {
  const found = allow.filter((entry) => (entry.port ?? port) === port && opens(entry, host, address, kind))
  if (found.some((entry) => entry.port !== undefined)) return 'port'
  return found.length > 0 ? 'address' : undefined
}

function opens({ place }: Entry, host: string, address: string, kind: AddressKind): boolean {
  if (kind === 'unreadable') return false
  if ('name' in place) return place.name === host && (kind === 'loopback' || kind === 'private' || kind === 'public')
  return place.range.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6') && (kind !== 'metadata' || place.isOneAddress)
}

function readEntry(word: string): Entry {
  const range = /^([^/]+)\/(\d{1,3})$/.exec(word)
  if (range) {
    const [, address = '', bits = ''] = range
    const bitsMax = { 4: 32, 6: 128 }[isIP(address)]
    if (bitsMax === undefined || Number(bits) > bitsMax) throw refuse(word, 'that is no CIDR range such as 10.0.0.0/8')
    return { place: { range: blockList([word]), isOneAddress: Number(bits) === bitsMax }, port: undefined }
  }
  if (isIP(word) === 6) return { place: one(word), port: undefined }
  const parts = /^(\[[^\]]+\]|[^:/[\]]+)(?::(\d{1,5}))?$/.exec(word)
  if (!parts) throw refuse(word, 'write a name, an address or a CIDR range, without a scheme or a path')
  const host = (parts[1] ?? '').replace(/^\[|\]$/g, '')
  const port = parts[2] === undefined ? undefined : Number(parts[2])
  if (port !== undefined && (port < 1 || port > 65_535)) throw refuse(word, 'a port is 1 to 65535')
  if (word.startsWith('[') ? isIP(host) === 6 && !host.includes('%') : isIP(host) === 4) return { place: one(host), port }
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(host) || isIP(URL.parse(`http://${host}`)?.hostname ?? '') !== 0) {
    throw refuse(word, 'that is neither a host name nor an address in its usual writing')
  }
  return { place: { name: host.toLowerCase().replace(/\.$/, '') }, port }
}

function one(address: string) {
  return { range: blockList([address]), isOneAddress: true }
}

function refuse(word: string, why: string): TypeError {
  return new TypeError(`ORRERY_OUTSIDE_ALLOW: cannot read "${word}": ${why}`)
}
