import type { Context } from '@orrery/engine/workflow'
import { PipelineRefusal } from './pipeline-failure.ts'

/** Of one run, those that are skipped and those of every round counted. */
const STEPS_MAX = 250_000
/** What expressions may cost before others have their turn: some hundredths of a second. */
const TURN_FUEL = 250_000
/** Of a step, beside its expressions. */
const STEP_FUEL = 500

export const TOO_MANY_STEPS = 'TooManySteps'

/**
 * The runs of all pipelines share one thread. One whose rounds have nothing to wait for would hold it until the engine gives the run up, so
 * it pauses now and then.
 */
export interface TurnBudget {
  /** What expressions have cost in this turn. */
  readonly spent: { fuel: number }
  /** Before a step begins; null if there is nothing to wait for. Throws PipelineRefusal. */
  begin(): Promise<void> | null
}

export function createTurnBudget(ctx: Context): TurnBudget {
  const spent = { fuel: 0 }
  let begun = 0
  let turn = ctx.now().getTime()
  let pause: Promise<void> | null = null

  const endTurn = (): void => {
    pause = null
    spent.fuel = 0
  }
  const rest = async (): Promise<void> => {
    while (spent.fuel > TURN_FUEL) {
      // One for all branches, and shielded: who began it may be cancelled before the others.
      pause ??= ctx.shield(() => ctx.sleep('0s')).then(endTurn)
      await pause
    }
    spent.fuel += STEP_FUEL
  }

  return {
    spent,
    begin() {
      if (++begun > STEPS_MAX) throw new PipelineRefusal(TOO_MANY_STEPS, `the run begins more than ${STEPS_MAX} steps`)
      const now = ctx.now().getTime()
      if (now !== turn && pause === null) spent.fuel = 0
      turn = now
      if (spent.fuel > TURN_FUEL) return rest()
      spent.fuel += STEP_FUEL
      return null
    },
  }
}
