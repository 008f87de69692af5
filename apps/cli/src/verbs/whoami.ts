import type { Command } from 'commander'
import { findConnection } from '../connection.ts'
import { deriveVerb } from '../derive/derive-verb.ts'
import type { Io } from '../io.ts'
import { printAnswer } from '../output/print-answer.ts'
import type { Verb } from '../registry/verb.ts'

/** The answer of the server, with what only this command line knows: which server, and where the key was found. */
export function addWhoami(root: Command, io: Io, verb: Verb): void {
  deriveVerb(root, io, verb, {
    print(answer, flags) {
      const { url, source, isLogin } = findConnection(io, flags)
      const found = { server: url, keyFrom: isLogin ? `the login in ${source}` : source }
      printAnswer(io, verb, { ...(answer as Readonly<Record<string, unknown>>), ...found }, flags)
    },
  })
}
