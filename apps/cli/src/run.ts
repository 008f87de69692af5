import { Command } from 'commander'
import { addOperations } from './add-operations.ts'
import { EXIT, EXIT_HELP } from './exit-codes.ts'
import type { Io } from './io.ts'
import { printError } from './output/print-error.ts'
import { addDeploy } from './verbs/deploy.ts'
import { addDev } from './verbs/dev.ts'
import { addDoctor } from './verbs/doctor.ts'
import { addInit } from './verbs/init.ts'
import { addLogin } from './verbs/login.ts'
import { addMcp } from './verbs/mcp.ts'
import { addRunsWatch } from './verbs/runs-watch.ts'
import { version } from './version.ts'

/** Runs one command line, `args` without the program's name, and gives its exit status. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const root = createRoot(io)
  try {
    await root.parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    return printError(io, error)
  }
}

function createRoot(io: Io): Command {
  const root = new Command('orrery')
    .description('Start work, follow it, and answer for it.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .addHelpText('after', `\n${EXIT_HELP}`)
  addInit(root, io)
  addDev(root, io)
  addDeploy(root, io)
  addLogin(root, io)
  addOperations(root, io)
  addRunsWatch(root, io)
  addMcp(root, io)
  addDoctor(root, io)
  return root
}
