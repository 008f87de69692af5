/**
 * `syntax`: it cannot be read. `name`: nothing at the top is called that. `missing`: a path leads nowhere. `type`: a value of the wrong
 * kind. `limit`: too long, too deep, too much. `pending`: it needs something that is not known yet (a dry run).
 */
export type ExpressionFault = 'syntax' | 'name' | 'missing' | 'type' | 'limit' | 'pending'

const MESSAGE_MAX = 500

/** Messages quote texts and names of any length. */
export function clip(message: string): string {
  return message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message
}

/** Why an expression gave no value. It is told to people, so the message is a sentence about their text. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly fault: ExpressionFault
  /** Where in the text, counted from 0; null where no place is to blame. */
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
