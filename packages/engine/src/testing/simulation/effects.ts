import type { StepImplementation, StepSource } from '../../api.ts'
import { pause } from '../../clock.ts'
import type { Json } from '../../workflow/protocol.ts'
import { parseRetry } from '../../workflow/retry.ts'
import { ATTEMPTS_MAX, type EffectInput } from './program.ts'
import type { SimProcess } from './sim-process.ts'
import { count, type World } from './world.ts'

interface Context {
  readonly runId: string
  readonly attempt: number
  readonly idempotencyKey: string
  readonly heartbeat: (details?: Json) => void
}

/** The steps of a simulated process: their effect is a line in the trace and a check by the oracle. `entry` is a transactional step. */
export function createEffects(world: World, process: SimProcess): StepSource {
  const body = async (input: EffectInput, { runId, attempt, idempotencyKey, heartbeat }: Context): Promise<string> => {
    // Code of a dead process can still run here until its current turn ends.
    if (!process.alive) return new Promise(() => {})
    const token = `${input.path}#${count(world, 'effects')}`
    world.trace(`${process.name} effect ${runId} ${token} ${attempt} ${input.salt}`)
    world.oracle.effect(runId, input, idempotencyKey, token)
    heartbeat(token)
    if (input.ms > 0) await pause(process.clock, input.ms)
    if (attempt <= input.fails) throw new Error(`attempt ${attempt} of ${input.path} fails`)
    return token
  }
  const retry = parseRetry({ max: ATTEMPTS_MAX, initial: '50ms' })
  const made = (name: string, transactional: boolean): [string, StepImplementation] => [
    name,
    { name, retry, timeoutMs: null, heartbeatTimeoutMs: null, transactional, body },
  ]
  const steps = new Map([made('effect', false), made('entry', true)])
  return { find: (name) => steps.get(name), names: () => [...steps.keys()] }
}
