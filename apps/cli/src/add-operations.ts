import type { Command } from 'commander'
import { deriveVerb } from './derive/derive-verb.ts'
import { EXIT } from './exit-codes.ts'
import { Exit, type Io } from './io.ts'
import type { Verb } from './registry/verb.ts'
import { VERBS } from './registry/verbs.generated.ts'
import { addRunNow, addRunsStart } from './verbs/start-runs.ts'

/** Adds a command for every operation that has a `cli`. Most commands only print the answer. */
export function addOperations(root: Command, io: Io, verbs: readonly Verb[] = VERBS): void {
  for (const verb of verbs) {
    switch (verb.name) {
      case 'runs.start':
        addRunsStart(root, io, verb)
        break
      case 'automations.runNow':
        addRunNow(root, io, verb)
        break
      case 'runs.why':
        deriveVerb(root, io, verb)
        // An alias beside the other verbs of runs.
        deriveVerb(root, io, { ...verb, verb: 'runs why' })
        break
      case 'audit.verify':
      case 'pipelines.check':
      case 'pipelines.dryRun':
        deriveVerb(root, io, verb, async (answer) => {
          if ((answer as { ok: boolean }).ok !== true) throw new Exit(EXIT.unwell)
        })
        break
      default:
        deriveVerb(root, io, verb)
    }
  }
}
