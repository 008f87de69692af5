import { randomFillSync } from 'node:crypto'
import { uuid7 } from '@orrery/engine'

const BYTES = 10
/** Random bytes for many ids: asking the system for each id takes four times as long as the rest. */
const pool = Buffer.alloc(BYTES * 256)
let used = pool.length

/** A new UUID v7 of this time. */
export function newId(nowMs: number): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += BYTES
  return uuid7(nowMs, pool.subarray(used - BYTES, used))
}
