/**
 * Why an expression has no value. `syntax`: it cannot be parsed. `name`: no name like that exists at the top. `missing`: a path leads
 * nowhere. `type`: a value of the wrong kind. `limit`: too long, too deep or too much work. `pending`: it needs a value that is not known
 * yet (in a dry run).
 */
export type ExpressionFault = 'syntax' | 'name' | 'missing' | 'type' | 'limit' | 'pending'

const MESSAGE_LENGTH_MAX = 500

/** Shortens a message: messages quote texts and names of any length. */
export function clip(message: string): string {
  return message.length > MESSAGE_LENGTH_MAX ? `${message.slice(0, MESSAGE_LENGTH_MAX)}…` : message
}

/** Why an expression has no value. Users see the message: it is a sentence about their text. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly fault: ExpressionFault
  /** Offset in the text, from 0; null if the error has no single place. */
  readonly at: number | null

  constructor(fault: ExpressionFault, message: string, at: number | null = null) {
    super(clip(message))
    this.fault = fault
    this.at = at
  }
}

export function syntaxError(message: string, at: number): ExpressionError {
  return new ExpressionError('syntax', message, at)
}

export function typeError(message: string): ExpressionError {
  return new ExpressionError('type', message)
}

export function limitError(message: string): ExpressionError {
  return new ExpressionError('limit', message)
}
