import type { Json } from '@orrery/contract'
import { formOf, matchSchema } from '@orrery/expressions'

/** The first place where a value does not fit a JSON Schema, as ` at .a.b: expected a number`. Null: the checked keywords fit. */
export function explainMismatch(value: Json, schema: Json): string | null {
  // The value is final, so a text that contains `${` is an ordinary text.
  const [mismatch] = matchSchema(value, schema, () => [formOf('string')])
  return mismatch === undefined ? null : `${mismatch.path === '' ? '' : ` at ${mismatch.path}`}: ${mismatch.message}`
}
