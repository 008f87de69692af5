import { randomUUID } from 'node:crypto'

/** A UUID v7 (RFC 9562, section 5.7): ids sort by the time they were made. A UUID v4 has random bits in the same places, and Node makes those in bulk. */
export function newId(nowMs: number): string {
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, '0')
  const random = randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`
}
