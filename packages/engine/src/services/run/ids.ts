import { createHash } from 'node:crypto'
import type { RunId } from '../../store/store.ts'

/**
 * A UUID v7 that depends only on its arguments: the same command of the same run always names the same child (or message), so repeating it
 * after a crash has no effect. RFC 9562, section 5.7; the random part is a hash.
 */
export function childId(parent: RunId, generation: number, cmd: number, atMs: number): RunId {
  const hash = createHash('sha256').update(`${parent}/${generation}/${cmd}`).digest()
  return uuid7(atMs, hash)
}

/** A UUID v7 of the current time. In simulations the same seed produces the same ids. */
export function newId({ now, random }: { readonly now: () => number; readonly random: () => number }): string {
  return uuid7(
    now(),
    Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256)),
  )
}

/** RFC 9562 UUID v7 from a time and at least 10 random bytes. */
export function uuid7(atMs: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(Math.max(0, Math.floor(atMs)), 0, 6)
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
