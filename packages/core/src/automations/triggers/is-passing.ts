/**
 * Classes of SQLSTATE that say nothing about what was asked: the connection, a lost race, resources, what an operator did, the system; and what a
 * process is told that stood still for too long in a transaction.
 */
const PASSING = /^(08|40|53|55|57|58|25P0[34])/

/** Whether the same may work in a while: anything of the database's or the network's, but not what a statement is refused for. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // EPIPE is no SQLSTATE: those have a digit.
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(code)) return PASSING.test(code)
  return (
    /^E(?!RR_)[A-Z]+$/.test(code) ||
    error.name === 'AbortError' ||
    /^(Connection terminated|timeout exceeded|Client has encountered)/.test(error.message)
  )
}
