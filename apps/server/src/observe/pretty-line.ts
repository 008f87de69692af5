import { plain } from '@orrery/contract/plain'

const COLOURS: Readonly<Record<string, string>> = { trace: '90', debug: '90', info: '36', warn: '33', error: '31', fatal: '31' }

/**
 * A log line for a terminal: `12:00:01 warn  message  name=value`, with an error's stack below it. Every value is escaped, so that one from a
 * caller (a path, say) can neither control the terminal nor fake a log line.
 */
export function prettyLine(line: string): string {
  const { level, time, msg, error, ...rest } = JSON.parse(line) as Record<string, unknown>
  const word = String(level)
  const shown = paint(COLOURS[word] ?? '0', word.padEnd(5))
  const fields = Object.entries(rest).map(
    ([name, value]) => ` ${paint('90', `${plain(name)}=`)}${plain(typeof value === 'string' ? value : JSON.stringify(value))}`,
  )
  return `${String(time).slice(11, 19)} ${shown} ${plain(String(msg ?? ''))}${fields.join('')}${stackOf(error)}\n`
}

/** https://no-color.org */
function paint(colour: string, text: string): string {
  return process.env.NO_COLOR ? text : `\u001b[${colour}m${text}\u001b[0m`
}

const plainLines = (text: string): string => text.split('\n').map(plain).join('\n')

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return error === undefined ? '' : ` ${plain(String(error))}`
  const { stack, message } = error as { stack?: string; message?: string }
  return `\n${plainLines(stack ?? message ?? JSON.stringify(error))}`
}
