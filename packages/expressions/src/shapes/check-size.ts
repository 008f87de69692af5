import type { Json, JsonObject } from '@orrery/contract'
import { isTemplate } from '../template/parse-template.ts'

/** JSON Schema's bounds of numbers, texts, lists and objects (Validation 6.2 to 6.5). Returns a message for each bound that is broken. */
export function checkSize(value: Json, schema: JsonObject): readonly string[] {
  if (typeof value === 'number') return checkNumberBounds(value, schema)
  if (typeof value === 'string') return checkCount([...value].length, schema.minLength, schema.maxLength, 'characters')
  if (typeof value !== 'object' || value === null) return []
  if (!Array.isArray(value)) return checkCount(Object.keys(value).length, schema.minProperties, schema.maxProperties, 'members')
  // `${…?}` may leave out its element, so only the other elements are certain.
  const certain = value.filter((item) => typeof item !== 'string' || !isTemplate(item)).length
  return [
    ...checkCount(value.length, schema.minItems, undefined, 'elements'),
    ...checkCount(certain, undefined, schema.maxItems, 'elements'),
  ]
}

function checkNumberBounds(
  value: number,
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: JsonObject,
): readonly string[] {
  const complaints: string[] = []
  if (typeof minimum === 'number' && value < minimum) complaints.push(`expected at least ${minimum}`)
  if (typeof maximum === 'number' && value > maximum) complaints.push(`expected at most ${maximum}`)
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) complaints.push(`expected more than ${exclusiveMinimum}`)
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) complaints.push(`expected less than ${exclusiveMaximum}`)
  if (typeof multipleOf === 'number' && multipleOf > 0 && !isMultiple(value, multipleOf))
    complaints.push(`expected a multiple of ${multipleOf}`)
  return complaints
}

/** Compares with a tolerance: 0.3 is a multiple of 0.1, though not in binary. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times))
}

function checkCount(count: number, least: Json | undefined, most: Json | undefined, what: string): readonly string[] {
  if (typeof least === 'number' && count < least) return [`expected at least ${least} ${what}`]
  return typeof most === 'number' && count > most ? [`expected at most ${most} ${what}`] : []
}
