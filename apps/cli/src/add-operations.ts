import { listOperations, type Operation } from '@orrery/contract'
import type { Command } from 'commander'
import { deriveVerb } from './derive/derive-verb.ts'
import { EXIT } from './exit-codes.ts'
import { Exit, type Io } from './io.ts'
import { addRunNow, addRunsStart } from './verbs/start-runs.ts'

/** Adds a command for every operation that has a `cli`. Most commands only print the answer. */
export function addOperations(root: Command, io: Io, operations: readonly Operation[] = listOperations()): void {
  for (const operation of operations) {
    switch (operation.name) {
      case 'runs.start':
        addRunsStart(root, io, operation)
        break
      case 'automations.runNow':
        addRunNow(root, io, operation)
        break
      case 'runs.why':
        deriveVerb(root, io, operation)
        // An alias beside the other verbs of runs.
        deriveVerb(root, io, { ...operation, cli: { verb: 'runs why', positionals: ['runId'] } })
        break
      case 'audit.verify':
      case 'pipelines.check':
      case 'pipelines.dryRun':
        deriveVerb(root, io, operation, async (answer) => {
          if ((answer as { ok: boolean }).ok !== true) throw new Exit(EXIT.unwell)
        })
        break
      default:
        deriveVerb(root, io, operation)
    }
  }
}
