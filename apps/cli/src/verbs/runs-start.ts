import type { Operation } from '@orrery/contract'
import type { Command } from 'commander'
import { connect } from '../connection.ts'
import { deriveVerb } from '../derive/derive-verb.ts'
import type { Io } from '../io.ts'
import { showProgress } from './runs-watch.ts'

/** `runs start` is derived like any verb; `--watch` stays with the run until its end. */
export function addRunsStart(root: Command, io: Io, operation: Operation): void {
  const command = deriveVerb(root, io, operation, async (answer, flags) => {
    if (flags.watch === true) await showProgress(io, connect(io, flags), (answer as { runId: string }).runId, flags.json === true)
  })
  command?.option('--watch', 'stay and show how it gets on')
}
