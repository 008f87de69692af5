import { randomUUID } from 'node:crypto'

/**
 * A UUID v7 (RFC 9562, section 5.7): ids sort by creation time. The random bits come from a UUID v4, which has them in the same positions
 * and which Node generates in bulk.
 */
export function newId(nowMs: number): string {
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, '0')
  const random = randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`
}
