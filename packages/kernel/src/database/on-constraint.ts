import type { ProblemError } from '@orrery/contract'

/**
 * Awaits a write that a constraint of the database may refuse, and throws the problem that stands for it. The constraint decides, not a look
 * before: two requests may look at the same moment. The transaction has failed by then, and nothing of it stays.
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
