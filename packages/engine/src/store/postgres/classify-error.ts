import pg from 'pg'

/**
 * What an error of a write means. `race`: rolled back, and the same write may succeed. `duplicate`: a row with this key exists. `busy`:
 * rolled back because a resource was missing that may return. `refused`: the data or the statement is at fault. `lost`: the outcome is
 * unknown.
 */
export type Verdict = 'race' | 'duplicate' | 'busy' | 'refused' | 'lost'

/** SQLSTATEs with which the server ends the connection, or does not accept it yet. */
const LOST_CODES = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '53300'])

export function isLostConnection(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error && !isProgramError(error)
  const code = error.code ?? ''
  return code.startsWith('08') || LOST_CODES.has(code) || error.severity === 'FATAL'
}

export function classifyError(error: unknown): Verdict {
  if (isLostConnection(error)) return 'lost'
  const code = error instanceof pg.DatabaseError ? (error.code ?? '') : ''
  if (code === '40001' || code === '40P01') return 'race'
  if (code === '23505') return 'duplicate'
  if (/^(53|55|57|58|XX)/.test(code)) return 'busy'
  return 'refused'
}

/** A bug of ours or one of the port's own errors, as opposed to an error of the network. */
function isProgramError(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError || ['Fenced', 'Ambiguous', 'Refused'].includes(error.name)
}
