import type { Json, JsonFields } from '@orrery/contract'
import { bundleSchema } from './bundle-schema.ts'
import { asObject, follow } from './document.ts'
import type { OperationContext } from './operation-context.ts'

/** The schema of successful responses. Undefined unless the document has a schema for each of them. @throws UnreadableOperation */
export function readResponse({ document, operation, is30 }: OperationContext): JsonFields | undefined {
  const responses = Object.entries(asObject(operation.responses) ?? {}).filter(([status]) => /^2(\d\d|XX)$/i.test(status))
  const schemas = responses.map(([, response]) => schemaOf(asObject(follow(document, response))?.content))
  const known = schemas.filter((schema) => schema !== undefined)
  const [first, ...others] = known
  if (first === undefined || known.length < schemas.length) return undefined
  return bundleSchema(document, others.length === 0 ? first : { anyOf: known }, { is30, side: 'response' })
}

/** A response without content becomes null. */
function schemaOf(content: Json | undefined): Json | undefined {
  const types = Object.entries(asObject(content) ?? {})
  if (types.length === 0) return { type: 'null' }
  const json = types.filter(([type]) => /^application\/([a-z0-9.-]+\+)?json\b/i.test(type))
  // If the response may also have another media type, its schema is not known in advance.
  return json.length === types.length ? asObject(json[0]?.[1])?.schema : undefined
}
