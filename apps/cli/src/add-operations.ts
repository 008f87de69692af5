import type { Command } from 'commander'
import { deriveVerb } from './derive/derive-verb.ts'
import { EXIT } from './exit-codes.ts'
import { Exit, type Io } from './io.ts'
import type { Verb } from './registry/verb.ts'
import { VERBS } from './registry/verbs.generated.ts'
import { addRunsLogs } from './verbs/runs-logs.ts'
import { addStart } from './verbs/start-runs.ts'
import { addWhoami } from './verbs/whoami.ts'

/** Adds a command for every operation that has a `cli`. Most commands only print the answer. */
export function addOperations(root: Command, io: Io, verbs: readonly Verb[] = VERBS): void {
  for (const verb of verbs) addOperation(root, io, verb)
}

function addOperation(root: Command, io: Io, verb: Verb): void {
  switch (verb.name) {
    case 'runs.start':
    case 'runs.retry':
    case 'runs.fork':
    case 'runs.editStep':
    case 'pipelines.run':
      return addStart(root, io, verb)
    case 'automations.runNow':
      addStart(root, io, verb)
      return addStart(root, io, { ...verb, verb: 'run-now' })
    case 'access.whoami':
      return addWhoami(root, io, verb)
    case 'runs.logs':
      return addRunsLogs(root, io, verb)
    case 'runs.why':
      deriveVerb(root, io, verb)
      // An alias beside the other verbs of runs.
      deriveVerb(root, io, { ...verb, verb: 'runs why' })
      return
    case 'runs.cancel':
      deriveVerb(root, io, verb)
      return addTerminate(root, io, verb)
    case 'runs.result':
      deriveVerb(root, io, verb, {
        after: (answer) => {
          const { done, status } = answer as { readonly done: boolean; readonly status: string }
          if (done && status !== 'succeeded') throw new Exit(EXIT.unwell)
        },
      })
      return
    case 'audit.verify':
    case 'pipelines.check':
    case 'pipelines.dryRun':
      deriveVerb(root, io, verb, {
        after: (answer) => {
          if ((answer as { ok: boolean }).ok !== true) throw new Exit(EXIT.unwell)
        },
      })
      return
    default:
      deriveVerb(root, io, verb)
  }
}

/** `runs terminate` is `runs cancel --terminate`. */
function addTerminate(root: Command, io: Io, verb: Verb): void {
  const own: Verb = {
    ...verb,
    verb: 'runs terminate',
    summary: 'End a run at once, without its cleanup',
    description: '`runs cancel` lets the cleanup code run.',
    fields: verb.fields.filter(({ name }) => name !== 'terminate'),
  }
  deriveVerb(root, io, own, { fixed: { terminate: true } })
}
