export type SchemaNode = Readonly<Record<string, unknown>>

/**
 * A JSON Schema with each schema directly in it replaced by what `change` returns. `field` is the name of the field that the inner schema
 * describes (of the nearest one, for members of a choice or a list). Values such as defaults and examples are not schemas.
 */
export function mapSchema(schema: SchemaNode, change: (inner: SchemaNode, field: string) => SchemaNode, field = 'part'): SchemaNode {
  const mapped = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (MAPS.has(key)) {
      const members = Object.entries(value as Record<string, SchemaNode>)
      return [key, Object.fromEntries(members.map(([name, inner]) => [name, change(inner, name)]))]
    }
    if (LISTS.has(key)) return [key, (value as SchemaNode[]).map((inner) => change(inner, field))]
    return [key, SINGLE.has(key) && typeof value === 'object' ? change(value as SchemaNode, field) : value]
  })
  return Object.fromEntries(mapped)
}

/** The keywords of zod's JSON Schemas that contain schemas. */
const MAPS: ReadonlySet<string> = new Set(['properties', '$defs'])
const LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf'])
const SINGLE: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'propertyNames'])
