import type { ConnectionFlags } from './connection.ts'
import { createProgram } from './create-program.ts'
import { EXIT } from './exit-codes.ts'
import type { Io } from './io.ts'
import { printError } from './output/print-error.ts'

/** Runs one command line (`args` without the program's name) and returns its exit status. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let flags: ConnectionFlags = {}
  const program = createProgram(io).hook('preAction', (_, command) => {
    flags = command.opts()
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    return printError(io, error, flags)
  }
}
