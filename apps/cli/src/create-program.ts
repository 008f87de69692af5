import { Command } from 'commander'
import { addOperations } from './add-operations.ts'
import { EXIT_HELP } from './exit-codes.ts'
import type { Io } from './io.ts'
import { shownLines } from './shown.ts'
import { addCompletion } from './verbs/completion.ts'
import { addDeploy } from './verbs/deploy.ts'
import { addDev } from './verbs/dev.ts'
import { addDoctor } from './verbs/doctor.ts'
import { addInit } from './verbs/init.ts'
import { addLogin } from './verbs/login.ts'
import { addLogout } from './verbs/logout.ts'
import { addMcp } from './verbs/mcp.ts'
import { addRunsWatch } from './verbs/runs-watch.ts'
import { version } from './version.ts'

/** Creates the command line with all commands: those written by hand and those derived from the contract. */
export function createProgram(io: Io): Command {
  const root = new Command('orrery')
    .description('Start work, follow it, and answer for it.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(shownLines(text, 0)), writeErr: (text) => io.err(shownLines(text, 0)) })
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .addHelpText('after', `\n${EXIT_HELP}`)
  addInit(root, io)
  addDev(root, io)
  addDeploy(root, io)
  addLogin(root, io)
  addLogout(root, io)
  addOperations(root, io)
  addRunsWatch(root, io)
  addMcp(root, io)
  addDoctor(root, io)
  addCompletion(root, io)
  for (const group of root.commands) if (isGroup(group)) group.summary(group.commands.map((verb) => verb.name()).join(', '))
  return root
}

/** True for a noun such as `runs`, which has subcommands and no action of its own. */
function isGroup(command: Command): boolean {
  return command.commands.length > 0 && command.summary() === ''
}
