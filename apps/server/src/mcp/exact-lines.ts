import { createInterface } from 'node:readline'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { describeLargeNumber, findLargeNumber, type LargeNumber } from '@orrery/contract'

/** Code of JSON-RPC for parameters that are not valid. */
const INVALID_PARAMS = -32602

/**
 * The lines of `input`, except messages with a number that the library would change: their sender gets an error with its place
 * (docs/decisions/0031-large-numbers.md).
 */
export function exactLines(input: Readable, output: Writable): Readable {
  const passed = new PassThrough()
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('line', (line) => {
    const large = findLargeNumber(line)
    if (large === null) passed.write(`${line}\n`)
    else output.write(`${refuse(line, large)}\n`)
  })
  lines.once('close', () => passed.end())
  return passed
}

function refuse(line: string, large: LargeNumber): string {
  const { message, expected } = describeLargeNumber(large)
  const error = { code: INVALID_PARAMS, message: `${large.path}: ${message}; expected ${expected}` }
  return JSON.stringify({ jsonrpc: '2.0', id: large.path === 'id' ? null : idOf(line), error })
}

function idOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { readonly id?: unknown } | null)?.id ?? null
  } catch {
    // Not JSON: JSON-RPC answers with a null id.
    return null
  }
}
