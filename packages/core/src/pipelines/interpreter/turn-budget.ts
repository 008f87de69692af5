import type { Context } from '@orrery/engine/workflow'
import { PipelineRefusal } from './pipeline-failure.ts'

/** Steps per run. Skipped steps count, and so do the steps of every round. */
const STEPS_MAX = 250_000
/** The cost of expressions per turn, before other runs proceed: some hundredths of a second. */
const TURN_FUEL = 250_000
/** The cost of a step in addition to its expressions. */
const STEP_FUEL = 500

export const TOO_MANY_STEPS = 'TooManySteps'

/**
 * The runs of all pipelines share one thread. A run whose rounds never wait would occupy it until the engine blocks the run, so the run
 * pauses when it has used up its budget for a turn.
 */
export interface TurnBudget {
  /** Cost of this turn so far. */
  readonly spent: { fuel: number }
  /** Called before each step. Null: the step may begin at once. Throws PipelineRefusal. */
  beginStep(): Promise<void> | null
}

export function createTurnBudget(ctx: Context): TurnBudget {
  const spent = { fuel: 0 }
  let stepsBegun = 0
  let turn = ctx.now().getTime()
  let pause: Promise<void> | null = null

  const endTurn = (): void => {
    pause = null
    spent.fuel = 0
  }
  const rest = async (): Promise<void> => {
    while (spent.fuel > TURN_FUEL) {
      // All branches share one pause. It is shielded, because the branch that began it may be cancelled while others still wait.
      pause ??= ctx.shield(() => ctx.sleep('0s')).then(endTurn)
      await pause
    }
    spent.fuel += STEP_FUEL
  }

  return {
    spent,
    beginStep() {
      if (++stepsBegun > STEPS_MAX) throw new PipelineRefusal(TOO_MANY_STEPS, `the run begins more than ${STEPS_MAX} steps`)
      const now = ctx.now().getTime()
      if (now !== turn && pause === null) spent.fuel = 0
      turn = now
      if (spent.fuel > TURN_FUEL) return rest()
      spent.fuel += STEP_FUEL
      return null
    },
  }
}
