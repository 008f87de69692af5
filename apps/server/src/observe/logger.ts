import { patternOfSecrets } from '@orrery/kernel'
import pino, { type DestinationStream, type Logger } from 'pino'
import type { LOG_LEVELS } from '../settings.ts'
import { prettyLine } from './pretty-line.ts'
import { redactLine } from './redact.ts'

export type { Logger }

export interface LoggerOptions {
  readonly level: (typeof LOG_LEVELS)[number]
  readonly format: 'json' | 'pretty'
  /** Values that must not appear in any line. */
  readonly secrets?: readonly string[]
  /** Default: standard error, so that standard output is free for output that the user asked for. */
  readonly destination?: DestinationStream
}

export function createLogger(options: LoggerOptions): Logger {
  const plain = (options.secrets ?? []).filter((secret) => secret.length >= 4)
  const known = { plain, pattern: patternOfSecrets(plain) }
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

/** Drops `client`: a connection pool attaches the whole broken connection to its errors, which is kilobytes of noise. */
function showError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return { ...pino.stdSerializers.errWithCause(error), client: undefined }
}

/** Lines that could not be written are kept for another try up to this size; further lines are dropped. */
const UNWRITTEN_BYTES_MAX = 1024 * 1024

/** Ignores write errors: a closed terminal or a full disk must not end the process, least of all in the middle of a stop. */
function openStandardError(): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: UNWRITTEN_BYTES_MAX })
  destination.on('error', () => {})
  return destination
}

/** The password of a connection string, encoded and decoded, for `secrets`. */
export function passwordsOf(url: string | undefined): readonly string[] {
  if (url === undefined || !URL.canParse(url)) return []
  const { password } = new URL(url)
  return password === '' ? [] : [password, decodeURIComponent(password)]
}
