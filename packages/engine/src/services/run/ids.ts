import { createHash } from 'node:crypto'
import type { RunId } from '../../store/store.ts'
import { uuid7 } from '../../uuid.ts'

/**
 * A UUID v7 that depends only on its arguments: the same command of the same run always names the same child (or message), so repeating it
 * after a crash has no effect. RFC 9562, section 5.7; the random part is a hash.
 */
export function childId(parent: RunId, generation: number, cmd: number, atMs: number): RunId {
  const hash = createHash('sha256').update(`${parent}/${generation}/${cmd}`).digest()
  return uuid7(atMs, hash)
}
