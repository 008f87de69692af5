import type { Json } from './protocol.ts'

const CHARS_MAX = 64_000

/**
 * A value for people to read, in a log or a heartbeat: as JSON as far as possible. Never throws. Errors become name, message and stack,
 * big integers text, circular references a note. A value that is too large becomes the beginning of its text.
 */
export function toShownJson(value: unknown): Json {
  try {
    const text: string | undefined = JSON.stringify(value, shorten([]))
    if (text === undefined) return value === undefined ? null : String(value)
    return text.length <= CHARS_MAX
      ? JSON.parse(text)
      : `${text.slice(0, CHARS_MAX).toWellFormed()}… (${text.length - CHARS_MAX} more characters)`
  } catch {
    return 'a value that cannot be read'
  }
}

/** @param ancestors the objects around the current member, outermost first */
function shorten(ancestors: object[]) {
  return function (this: unknown, _name: string, member: unknown): unknown {
    if (typeof member === 'bigint' || typeof member === 'symbol') return String(member)
    if (typeof member !== 'object' || member === null) return member
    while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop()
    if (ancestors.includes(member)) return '[circular]'
    const shown = member instanceof Error ? { ...member, name: member.name, message: member.message, stack: member.stack } : member
    ancestors.push(shown)
    return shown
  }
}

/** Longer messages are cut. */
const MESSAGE_CHARS_MAX = 16_384

/** The message of a log line: anything but text is shown as JSON, and what the database cannot store is left out. */
export function toLogText(message: unknown): string {
  const text = typeof message === 'string' ? message : JSON.stringify(toShownJson(message))
  const kept =
    text.length <= MESSAGE_CHARS_MAX ? text : `${text.slice(0, MESSAGE_CHARS_MAX)}… (${text.length - MESSAGE_CHARS_MAX} more characters)`
  return kept.replaceAll('\0', '').toWellFormed()
}
