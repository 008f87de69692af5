import { decodeId } from '@orrery/contract'
import type { RunId } from '@orrery/engine'
import type { Ctx } from '../context/context.ts'

/** The run in whose name the call acts, as the event log keeps it: so that runs that start each other through events are seen to do so. */
export function runBehind({ actor }: Pick<Ctx, 'actor'>): { readonly run?: RunId } {
  const run = actor.type === 'system' ? decodeId('run', actor.id) : null
  return run === null ? {} : { run }
}
