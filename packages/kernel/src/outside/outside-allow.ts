import { type BlockList, isIP } from 'node:net'
import { type AddressKind, blockList } from './judge-address.ts'

/** A target that the operator allows besides the public internet. An entry without a port allows the same ports as for public targets. */
interface AllowEntry {
  readonly place: { readonly name: string } | { readonly range: BlockList; readonly isOneAddress: boolean }
  readonly port: number | undefined
}
export type OutsideAllow = readonly AllowEntry[]

/**
 * Reads the setting `ORRERY_OUTSIDE_ALLOW`: entries separated by commas or spaces. Each entry is a name, an address or a CIDR range. A name
 * or an address may have a port, which then is the only allowed one: `127.0.0.1:8080, 10.0.0.0/8, tools.lan, [fd00::5]:443`.
 * @throws TypeError that quotes an entry which cannot be read: a typing error must not silently allow or forbid anything
 */
export function readOutsideAllow(text: string): OutsideAllow {
  return text.split(/[\s,]+/).flatMap((word) => (word === '' ? [] : [readEntry(word)]))
}

/**
 * Whether the operator allows this address under this host name. A name allows public, private and loopback addresses only, so that the
 * owner of its DNS zone cannot choose any other kind. A metadata service, which hands out cloud credentials, must be listed by its exact
 * address.
 * @returns `port` if the entry names the port, which allows it even if it is not allowed for public targets
 */
export function findAllowed(
  allow: OutsideAllow,
  host: string,
  port: number,
  address: string,
  kind: AddressKind,
): 'address' | 'port' | undefined {
  const found = allow.filter((entry) => (entry.port ?? port) === port && allows(entry, host, address, kind))
  if (found.some((entry) => entry.port !== undefined)) return 'port'
  return found.length > 0 ? 'address' : undefined
}

function allows({ place }: AllowEntry, host: string, address: string, kind: AddressKind): boolean {
  if (kind === 'unreadable') return false
  if ('name' in place) return place.name === host && (kind === 'loopback' || kind === 'private' || kind === 'public')
  return place.range.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6') && (kind !== 'metadata' || place.isOneAddress)
}

function readEntry(word: string): AllowEntry {
  const range = /^([^/]+)\/(\d{1,3})$/.exec(word)
  if (range) {
    const [, address = '', bits = ''] = range
    const bitsMax = { 4: 32, 6: 128 }[isIP(address)]
    if (bitsMax === undefined || Number(bits) > bitsMax) throw refuse(word, 'it is not a CIDR range such as 10.0.0.0/8')
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
    throw refuse(word, 'it is neither a host name nor an address in standard notation')
  }
  return { place: { name: host.toLowerCase().replace(/\.$/, '') }, port }
}

function one(address: string) {
  return { range: blockList([address]), isOneAddress: true }
}

function refuse(word: string, why: string): TypeError {
  return new TypeError(`ORRERY_OUTSIDE_ALLOW: cannot read "${word}": ${why}`)
}
