import type { StepSource } from '../../api.ts'
import { parseRetry } from '../../workflow/retry.ts'
import type { World } from '../simulation.ts'
import type { EffectInput } from './program.ts'
import type { SimProcess } from './sim-process.ts'

interface Context {
  readonly runId: string
  readonly attempt: number
  readonly idempotencyKey: string
}

/** The steps of a simulated process: one, whose effect is a line in the trace and a question to the oracle. */
export function createEffects(world: World, process: SimProcess): StepSource {
  const body = async (input: EffectInput, { runId, attempt, idempotencyKey }: Context): Promise<string> => {
    const token = `${input.path}#${++world.counts.effects}`
    world.trace(`${process.name} effect ${runId} ${token} ${attempt} ${input.salt}`)
    world.oracle.effect(runId, input, idempotencyKey)
    if (input.ms > 0) await new Promise<void>((resolve) => process.clock.setTimeout(resolve, input.ms))
    if (attempt <= input.fails) throw new Error(`attempt ${attempt} of ${input.path} fails`)
    return token
  }
  const retry = parseRetry({ max: 3, initial: '50ms' })
  const effect = { name: 'effect', retry, timeoutMs: null, heartbeatTimeoutMs: null, transactional: false, body }
  return { find: (name) => (name === 'effect' ? effect : undefined), names: () => ['effect'] }
}
