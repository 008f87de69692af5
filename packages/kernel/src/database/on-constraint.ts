import type { ProblemError } from '@orrery/contract'

/**
 * Awaits a write that a constraint may reject, and throws the matching problem in that case. A query before the write could not decide it,
 * because two requests may run that query at the same time. After a rejection the transaction has failed and must roll back.
 * @param problems by the name of the constraint or unique index
 */
export async function onConstraint<T>(write: Promise<T>, problems: Readonly<Record<string, () => ProblemError>>): Promise<T> {
  try {
    return await write
  } catch (error) {
    const name = error instanceof Error && 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : ''
    const problem = Object.hasOwn(problems, name) ? problems[name] : undefined
    throw problem === undefined ? error : problem()
  }
}
