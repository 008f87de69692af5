/** Which properties one side of an exchange does not send, over all the schemas that a schema is composed of. */
import type { Json, JsonObject } from '@orrery/contract'
import { asList, asObject, asText, resolvePointer, UnreadableOperation } from './document.ts'

/** In a request, properties that are `readOnly`; in a response, those that are `writeOnly` (OpenAPI 3.1, "Fixed Fields" of the Schema Object). */
export type AbsentMark = 'readOnly' | 'writeOnly'

/** Keywords whose schemas describe the same value. */
export const COMPOSING: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else'])
const STEPS_MAX = 500_000

export interface Compositions {
  /** Names of properties that the other side alone sends. */
  absentIn(schema: JsonObject): ReadonlySet<string>
  /** Names that a schema requires itself, or a schema that it is composed of. */
  requiredIn(schema: JsonObject): ReadonlySet<string>
}

export function createCompositions(document: JsonObject, mark: AbsentMark): Compositions {
  const parts = new WeakMap<JsonObject, readonly JsonObject[]>()
  let steps = 0

  /** The schema, and all that it is composed of, through references. */
  function partsOf(schema: JsonObject): readonly JsonObject[] {
    const known = parts.get(schema)
    if (known !== undefined) return known
    const found = new Set<JsonObject>()
    const open = [schema]
    for (let part = open.pop(); part !== undefined; part = open.pop()) {
      if (found.has(part)) continue
      if (++steps > STEPS_MAX) throw new UnreadableOperation('Its schemas are composed of too many parts')
      found.add(part)
      open.push(...composedOf(part))
    }
    const list = [...found]
    parts.set(schema, list)
    return list
  }

  function composedOf(schema: JsonObject): JsonObject[] {
    const reference = asText(schema.$ref)
    const values: Json[] = [...COMPOSING].flatMap((keyword): readonly Json[] => {
      const value = schema[keyword]
      return Array.isArray(value) ? asList(value) : value === undefined ? [] : [value]
    })
    if (reference !== undefined) values.push(resolvePointer(document, reference))
    return values.flatMap((value): JsonObject[] => {
      const object = asObject(value)
      return object === undefined ? [] : [object]
    })
  }

  const isAbsent = (property: Json): boolean => {
    const schema = asObject(property)
    return schema !== undefined && partsOf(schema).some((part) => part[mark] === true)
  }

  return {
    absentIn: (schema) =>
      new Set(
        partsOf(schema).flatMap(({ properties }) =>
          Object.entries(asObject(properties) ?? {}).flatMap(([name, property]) => (isAbsent(property) ? [name] : [])),
        ),
      ),
    requiredIn: (schema) => new Set(partsOf(schema).flatMap(({ required }) => asList(required).map(String))),
  }
}
