import type { Operation } from '@orrery/contract'
import type { Command } from 'commander'
import { connect } from '../connection.ts'
import { deriveVerb } from '../derive/derive-verb.ts'
import type { Io } from '../io.ts'
import { showProgress } from './runs-watch.ts'

/** `automations run-now`, and `run-now` for short; `--watch` stays with the run, if there is one, until its end. */
export function addRunNow(root: Command, io: Io, operation: Operation): void {
  for (const verb of [operation.cli?.verb, 'run-now']) {
    if (verb === undefined) continue
    const derived = { ...operation, cli: { ...operation.cli, verb } }
    const command = deriveVerb(root, io, derived, async (answer, flags) => {
      const { runId } = answer as { readonly runId: string | null }
      if (flags.watch === true && runId !== null) await showProgress(io, connect(io, flags), runId, flags.json === true)
    })
    command?.option('--watch', 'stay and show how its run gets on')
  }
}
