import { ProblemError, UnreachableError } from '@orrery/client'
import { PROBLEMS } from '@orrery/contract/problems'
import { CommanderError } from 'commander'
import { type ConnectionFlags, findConnection } from '../connection.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, Interrupted, type Io, UsageError } from '../io.ts'
import { shown, shownLines } from '../shown.ts'
import { asTyped } from './as-typed.ts'

/** Prints what went wrong and what to do about it, and returns the exit status. @param flags those of the command that was run */
export function printError(io: Io, error: unknown, flags: ConnectionFlags = {}): number {
  if (error instanceof Exit) return error.status
  if (io.signal.aborted || error instanceof Interrupted) return EXIT.interrupted
  // Commander has already printed its message. It also throws this error after `--help` and `--version`.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  const say = (text: string) => io.err(shown`${io.style('red', 'error:')} ${shownLines(text, 2)}\n`)
  const hint = (text: string) => io.err(shown`  ${asTyped(io, text)}\n`)
  if (error instanceof UsageError) {
    say(asTyped(io, error.message))
    return EXIT.usage
  }
  if (error instanceof ProblemError) {
    const ended = error.status === 401 ? endedLogin(io, flags) : null
    if (ended === null) return printProblem(io, error, say)
    say(`Your login at ${ended} has ended.`)
    hint('Run "orrery login".')
    return EXIT.refused
  }
  if (error instanceof UnreachableError) {
    say(error.message)
    hint('Is the server running? Start one with "orrery dev", or name another one with --server or ORRERY_URL.')
    return EXIT.unreachable
  }
  say(error instanceof Error ? (io.env.ORRERY_DEBUG ? (error.stack ?? error.message) : error.message) : String(error))
  return EXIT.failed
}

/** The server whose login the command used. Null: it used a key, or none. */
function endedLogin(io: Io, flags: ConnectionFlags): string | null {
  const { isLogin, url } = findConnection(io, flags)
  return isLogin ? url : null
}

function printProblem(io: Io, error: ProblemError, say: (text: string) => void): number {
  say(`${error.message} (${error.code})`)
  for (const { path, message, expected } of error.fields) {
    const isSaid = expected === undefined || expected === 'no such field' || /expected/i.test(message)
    // The message of a problem with one field is often that of the field.
    if (isSaid && [message, `${path === '' ? 'The input' : path}: ${message}`].includes(error.message)) continue
    const label = io.style('bold', path === '' ? 'input' : path)
    io.err(shown`  ${label}: ${message}${isSaid ? '' : ` (expected ${expected})`}\n`)
  }
  const known = Object.hasOwn(PROBLEMS, error.code) ? PROBLEMS[error.code as keyof typeof PROBLEMS] : undefined
  if (known !== undefined && error.fields.length === 0) io.err(shown`  ${asTyped(io, known.remedy)}\n`)
  if (error.status === 401)
    io.err(
      shown`  ${asTyped(io, 'Pass a key with --api-key or ORRERY_KEY, run "orrery login", or change to a project folder where "orrery dev" runs.')}\n`,
    )
  if (error.status >= 500 && error.problem.requestId !== undefined) io.err(shown`  request ${error.problem.requestId}\n`)
  if (error.status >= 500) return EXIT.unreachable
  return error.code === 'invalid_input' ? EXIT.usage : EXIT.refused
}
