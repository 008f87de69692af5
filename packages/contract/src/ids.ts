/**
 * Public ids: a prefix for the noun, `_`, and a UUID as 26 characters of Crockford base32 (lower case). This is the format of TypeID 0.3:
 * ids sort like their UUIDs, and the prefix shows in a log which noun they belong to.
 */
import { z } from 'zod'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const SUFFIX = '[0-7][0-9a-hjkmnp-tv-z]{25}'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Two letters for each value of ten bits. */
const PAIRS = Array.from({ length: 1024 }, (_, bits) => ALPHABET.charAt(bits >> 5) + ALPHABET.charAt(bits & 31))
const lettersOf = (bits: number): string => PAIRS[bits] ?? ''

const DIGIT = new Map([...ALPHABET].map((letter, value) => [letter, value]))

export const ID_PREFIXES = [
  'run',
  'org',
  'key',
  'mbr',
  'inv',
  'cns',
  'ers',
  'agt',
  'crd',
  'grp',
  'dev',
  'aud',
  'wrk',
  'con',
  'aut',
  'trg',
  'fir',
  'bkf',
  'tcl',
] as const
export type IdPrefix = (typeof ID_PREFIXES)[number]
export type Id<P extends IdPrefix> = `${P}_${string}`

/** @param uuid canonical text form, lower case. */
export function encodeId<P extends IdPrefix>(prefix: P, uuid: string): Id<P> {
  if (!UUID.test(uuid)) throw new TypeError(`Not a UUID: ${uuid}`)
  const hex = uuid.replaceAll('-', '')
  // 26 letters hold 130 bits and a UUID has 128: two zero bits come first, then 8 bits, then six times 20.
  let suffix = lettersOf(Number.parseInt(hex.slice(0, 2), 16))
  for (let at = 2; at < 32; at += 5) {
    const bits = Number.parseInt(hex.slice(at, at + 5), 16)
    suffix += lettersOf(bits >> 10) + lettersOf(bits & 1023)
  }
  return `${prefix}_${suffix}`
}

/** The UUID of an id, or null if it is not an id of this noun. */
export function decodeId(prefix: IdPrefix, id: string): string | null {
  if (id.length !== prefix.length + 27 || !id.startsWith(`${prefix}_`)) return null
  let bits = 0n
  for (const letter of id.slice(prefix.length + 1)) {
    const digit = DIGIT.get(letter)
    if (digit === undefined) return null
    bits = (bits << 5n) | BigInt(digit)
  }
  // 26 letters hold 130 bits; a UUID has 128.
  if (bits >> 128n) return null
  const hex = bits.toString(16).padStart(32, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function id<P extends IdPrefix>(prefix: P, description: string) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_${SUFFIX}$`), `Expected an id such as ${prefix}_01jb2m4k6q8r0s2t4v6w8x0y2z`)
    .meta({ description })
}

export const runId = id('run', 'Id of a run.')
export const orgId = id('org', 'Id of an organization.')
export const keyId = id('key', 'Id of an API key.')
export const memberId = id('mbr', 'Id of a member.')
export const agentId = id('agt', 'Id of an agent.')
export const credentialId = id('crd', 'Id of a credential of an agent.')
export const groupId = id('grp', 'Id of a group.')
export const deviceId = id('dev', 'Id of a login of a person, on one device.')
export const invitationId = id('inv', 'Id of an invitation.')
export const consentId = id('cns', 'Id of a consent.')
export const erasureId = id('ers', 'Id of an erasure.')
export const auditId = id('aud', 'Id of an audit entry.')
export const workerId = id('wrk', 'Id of a worker’s registration.')
export const connectionId = id('con', 'Id of a connection.')
export const automationId = id('aut', 'Id of an automation.')
export const triggerId = id('trg', 'Id of a trigger.')
export const firingId = id('fir', 'Id of a firing: the id of its run, as a UUID.')
export const backfillId = id('bkf', 'Id of a backfill.')
export const toolCallId = id('tcl', 'Id of a call of a tool.')
