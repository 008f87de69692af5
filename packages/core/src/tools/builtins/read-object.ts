import type { Json } from '@orrery/contract'
import { describeMismatch, findMismatch } from '../schemas/find-mismatch.ts'
import { type JsonObject, ToolError } from '../tool-port.ts'

type ReadJson = { [name: string]: Json }

/**
 * What a model answered, as an object that fits a schema. Models that know no schemas like to put a fence or a sentence around it.
 * @throws ToolError (`ModelError`): another attempt gives another answer, unless this one was cut off.
 */
export function readObject(text: string, schema: JsonObject, finishReason: string): ReadJson {
  const value = parse(text) ?? parse(/```(?:json)?\s*\n([\s\S]*?)\n\s*```/.exec(text)?.[1] ?? '')
  const isCut = finishReason === 'length' || finishReason === 'content-filter'
  const fail = (message: string) => new ToolError('ModelError', message, { isRetryable: !isCut, details: { finish_reason: finishReason } })
  if (value === undefined)
    throw fail(isCut ? `The answer of the model was cut off (${finishReason})` : 'The answer of the model is no object')
  const mismatch = findMismatch(schema, value)
  if (mismatch !== null) throw fail(describeMismatch('The answer of the model', mismatch))
  return value
}

function parse(text: string): ReadJson | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ReadJson) : undefined
  } catch {
    // Whoever asked says what that means: it is not JSON.
    return undefined
  }
}
