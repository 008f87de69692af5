import pino, { type DestinationStream, type Logger } from 'pino'
import type { LOG_LEVELS } from '../settings.ts'
import { prettyLine } from './pretty-line.ts'
import { redactLine } from './redact.ts'

export type { Logger }

export interface LoggerOptions {
  readonly level: (typeof LOG_LEVELS)[number]
  readonly format: 'json' | 'pretty'
  /** Values that may not appear in any line. */
  readonly secrets?: readonly string[]
  /** Absent: standard error, so that standard output is free for what a person asked for. */
  readonly destination?: DestinationStream
}

export function createLogger(options: LoggerOptions): Logger {
  const known = (options.secrets ?? []).filter((secret) => secret.length >= 4)
  const finish = (line: string) => {
    const safe = redactLine(line, known)
    return options.format === 'pretty' ? prettyLine(safe) : safe
  }
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      errorKey: 'error',
      serializers: { error: showError },
      hooks: { streamWrite: finish },
    },
    options.destination ?? openStandardError(),
  )
}

/** A pool of connections hangs the whole broken connection on its errors: kilobytes that say nothing. */
function showError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return { ...pino.stdSerializers.errWithCause(error), client: undefined }
}

/** Of lines that could not be written, so many bytes are kept for another try; what is more is dropped. */
const UNWRITTEN_MAX = 1024 * 1024

/** A log that cannot be written (its terminal is gone, its disk is full) is no reason to end, least of all in the middle of a stop. */
function openStandardError(): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: UNWRITTEN_MAX })
  destination.on('error', () => {})
  return destination
}

/** The secret part of a connection string, for `secrets`. */
export function passwordsOf(url: string | undefined): readonly string[] {
  if (url === undefined || !URL.canParse(url)) return []
  const { password } = new URL(url)
  return password === '' ? [] : [password, decodeURIComponent(password)]
}
