import { isAbsolute, relative } from 'node:path'
import type { Message } from 'esbuild'

/** The project cannot be built. Each line of the message is `file:line:column: what is wrong`. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Converts esbuild's failures, which carry messages with places. Any other error is a bug and is returned unchanged. */
export function toBuildError(error: unknown, root: string): unknown {
  if (error instanceof BuildError || !(error instanceof Error) || !('errors' in error) || !Array.isArray(error.errors)) return error
  return new BuildError(error.errors.map((message: Message) => formatMessage(message, root)))
}

function formatMessage({ text, location }: Message, root: string): string {
  if (location === null) return text
  const file = isAbsolute(location.file) ? relative(root, location.file) : location.file
  return `${file}:${location.line}:${location.column + 1}: ${text}`
}
