import { randomBytes } from 'node:crypto'
import { uuid7 } from '@orrery/engine'

/** A UUID v7: ids sort by the time they were made. */
export function newId(nowMs: number): string {
  return uuid7(nowMs, randomBytes(10))
}
