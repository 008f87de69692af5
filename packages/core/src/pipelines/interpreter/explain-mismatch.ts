import type { Json } from '@orrery/contract'
import { formOf, matchSchema } from '@orrery/expressions'

/** The first place where a value does not fit a JSON Schema, as ` at .a.b: expected a number`; null if it fits as far as is looked at. */
export function explainMismatch(value: Json, schema: Json): string | null {
  // A text with `${` in it is nothing but a text here.
  const [mismatch] = matchSchema(value, schema, () => [formOf('string')])
  return mismatch === undefined ? null : `${mismatch.path === '' ? '' : ` at ${mismatch.path}`}: ${mismatch.message}`
}
