import { type Json, type JsonObject, parseForeignJson } from '@orrery/contract'
import { describeMismatch, type SchemaChecks } from '@orrery/kernel'
import { ToolError, type ToolUsage } from '../port/tool-port.ts'

type ReadJson = { [name: string]: Json }

/**
 * Reads the answer of a model as an object that matches a schema. Models without support for schemas often put a fence or a sentence around
 * it.
 * @throws ToolError (`ModelError`), retryable unless the answer was cut off: another attempt gets another answer.
 */
export async function readObject(
  schemas: SchemaChecks,
  text: string,
  schema: JsonObject,
  finishReason: string,
  usage: ToolUsage,
): Promise<ReadJson> {
  const value = parse(text) ?? parse(unfence(text))
  const isCut = finishReason === 'length' || finishReason === 'content-filter'
  const fail = (message: string) =>
    new ToolError('ModelError', message, { isRetryable: !isCut, details: { finish_reason: finishReason }, usage })
  if (value === undefined)
    throw fail(isCut ? `The answer of the model was cut off (${finishReason})` : 'The answer of the model is not an object')
  const mismatch = await schemas.findMismatch(schema, value)
  if (mismatch !== null) throw fail(describeMismatch('The answer of the model', mismatch))
  return value
}

/**
 * The content of the first fence, or an empty string. Searches line by line: injected input may make a model write text that is slow to
 * match.
 */
function unfence(text: string): string {
  const lines = text.split('\n')
  const open = lines.findIndex((line) => /```(json)?$/.test(line.trimEnd()))
  const close = lines.findIndex((line, at) => at > open && line.trimStart().startsWith('```'))
  return open < 0 || close < 0 ? '' : lines.slice(open + 1, close).join('\n')
}

function parse(text: string): ReadJson | undefined {
  try {
    const value: unknown = parseForeignJson(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ReadJson) : undefined
  } catch {
    // Not JSON. The caller reports it.
    return undefined
  }
}
