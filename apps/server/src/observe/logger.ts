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
      serializers: { error: pino.stdSerializers.errWithCause },
      hooks: { streamWrite: finish },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  )
}

/** The secret part of a connection string, for `secrets`. */
export function passwordsOf(url: string | undefined): readonly string[] {
  if (url === undefined || !URL.canParse(url)) return []
  const { password } = new URL(url)
  return password === '' ? [] : [password, decodeURIComponent(password)]
}
