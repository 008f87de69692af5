/** The commands that start a run and can watch it. */
import type { Command } from 'commander'
import { connect } from '../connection.ts'
import { deriveVerb } from '../derive/derive-verb.ts'
import type { Io } from '../io.ts'
import type { Verb } from '../registry/verb.ts'
import { showProgress } from './runs-watch.ts'

/** `runs start` is derived like any verb; `--watch` shows the progress of the run until it ends. */
export function addRunsStart(root: Command, io: Io, verb: Verb): void {
  const command = deriveVerb(root, io, verb, async (answer, flags) => {
    if (flags.watch === true) await showProgress(io, connect(io, flags), (answer as { runId: string }).runId, flags.json === true)
  })
  command.option('--watch', 'show the progress of the run until it ends')
}

/** `automations run-now` and its alias `run-now`; `--watch` shows the progress of the run, if one was started, until it ends. */
export function addRunNow(root: Command, io: Io, verb: Verb): void {
  for (const words of [verb.verb, 'run-now']) {
    const command = deriveVerb(root, io, { ...verb, verb: words }, async (answer, flags) => {
      const { runId } = answer as { readonly runId: string | null }
      if (flags.watch === true && runId !== null) await showProgress(io, connect(io, flags), runId, flags.json === true)
    })
    command.option('--watch', 'show the progress of the run until it ends')
  }
}
