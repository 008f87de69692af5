import { styleText } from 'node:util'
import { type Part, type Shown, styled } from './shown.ts'

type Style = Parameters<typeof styleText>[0]

/** The environment of a command: where it reads and writes. Tests pass their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** True if `out` is a terminal, on which a line can be redrawn. */
  readonly isTerminal: boolean
  /** True if a person can type into standard input. */
  readonly isInputTerminal: boolean
  readonly columns: number
  out(text: Shown): void
  err(text: Shown): void
  readStdin(): Promise<string>
  style(style: Style, text: Part): Shown
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

export function processIo(): Io {
  const { stdout, stderr, stdin, env } = process
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort(new Interrupted()))
  process.once('SIGTERM', () => interrupt.abort(new Interrupted()))
  // The reader of the output has closed it (`orrery runs list | head`).
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
  return {
    env,
    // npm runs a script in the package's folder, and passes the user's folder in INIT_CWD.
    cwd: env.INIT_CWD !== undefined && env.npm_lifecycle_event === 'orrery' ? env.INIT_CWD : process.cwd(),
    isTerminal: stdout.isTTY === true,
    isInputTerminal: stdin.isTTY === true,
    get columns() {
      // A terminal that does not know its width reports 0.
      return stdout.columns || 120
    },
    out: ({ text }) => void stdout.write(text),
    err: ({ text }) => void stderr.write(text),
    async readStdin() {
      const chunks: Uint8Array[] = []
      for await (const chunk of stdin) chunks.push(chunk as Uint8Array)
      return Buffer.concat(chunks).toString('utf8')
    },
    style: (style, part) => styled((text) => styleText(style, text, { stream: stdout }), part),
    signal: interrupt.signal,
  }
}

/** The user pressed Ctrl-C, or the process received SIGTERM. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** The command line is invalid in a way that the parser of commander cannot detect. The message names the flag. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Ends the command with this exit status and prints nothing more. */
export class Exit extends Error {
  override readonly name = 'Exit'
  readonly status: number

  constructor(status: number) {
    super(`exit ${status}`)
    this.status = status
  }
}
