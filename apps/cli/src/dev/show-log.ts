import { type Part, shown } from '../shown.ts'
import { below, type Label, type Screen } from './screen.ts'

const LEVELS: Readonly<Record<string, Label>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
}

/** Shows a line of the server's log: JSON, or whatever a library or Node itself writes. */
export function showLogLine(screen: Screen, line: string): void {
  const fields = readObject(line)
  if (fields === null) return screen.say('error', line)
  const { level, msg, error, time: _, ...rest } = fields
  const more = Object.entries(rest).map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  screen.say(LEVELS[String(level)] ?? 'info', shown`${String(msg ?? '')}${more.join('')}${describeError(error)}`)
}

function describeError(error: unknown): Part {
  if (error === undefined || error === null) return ''
  if (typeof error !== 'object') return ` ${String(error)}`
  const { stack, message } = error as { stack?: unknown; message?: unknown }
  return below(String(stack ?? message ?? JSON.stringify(error)))
}

function readObject(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch (error) {
    // A line of a program that only looks like JSON.
    if (error instanceof SyntaxError) return null
    throw error
  }
}
