/** The commands that start a run, and can watch it or wait for it. */
import type { Command } from 'commander'
import { connect } from '../connection.ts'
import { deriveVerb, type Flags } from '../derive/derive-verb.ts'
import type { Io } from '../io.ts'
import { printAnswer } from '../output/print-answer.ts'
import type { Verb } from '../registry/verb.ts'
import { showProgress, waitForEnd } from './runs-watch.ts'

/**
 * Derived like any verb. `--watch` shows the progress of the run until it ends, `--wait` only its end. Both exit with status 5 unless the run
 * succeeded. With `--wait --json`, the result is the only output.
 */
export function addStart(root: Command, io: Io, verb: Verb): void {
  const command = deriveVerb(root, io, verb, {
    print: (answer, flags) => {
      if (!isWaiting(answer, flags)) printAnswer(io, verb, answer, flags)
      // Its end follows. Until then people need its id, and JSON has nothing to say.
      else if (flags.json !== true) printAnswer(io, verb, { runId: (answer as { readonly runId: string }).runId }, flags)
    },
    after: async (answer, flags) => {
      const { runId } = answer as { readonly runId: string | null }
      if (runId === null) return
      if (flags.watch === true) await showProgress(io, await connect(io, flags), runId, flags.json === true)
      else if (flags.wait === true) await waitForEnd(io, await connect(io, flags), runId, flags.json === true)
    },
  })
  command.option('--watch', 'show the progress of the run until it ends').option('--wait', 'wait until the run ends, and print its result')
}

/** An automation may decide not to start a run. */
function isWaiting(answer: unknown, { wait, watch }: Flags): boolean {
  return wait === true && watch !== true && (answer as { readonly runId: string | null }).runId !== null
}
