import { mapSchema, type SchemaNode } from './map-schema.ts'

/** A part that occurs again in its schema and is at least this long is written once, in `$defs`. */
const SHARED_LETTERS_MIN = 100
/** A part that occurs in an earlier tool and is at least this long is only referred to. Short ones are worth less than a complete schema. */
const REFERRED_LETTERS_MIN = 1000

/** Moves the parts of a JSON Schema that occur more than once to its `$defs`, each under the name of a field where it occurs. */
export function shareRepeated(schema: SchemaNode): SchemaNode {
  const uses = countUses(schema)
  const names = new Map<string, string>()
  const shared: Record<string, SchemaNode> = {}

  function share(part: SchemaNode, field: string): SchemaNode {
    const text = JSON.stringify(part)
    if ((uses.get(text) ?? 0) < 2 || text.length < SHARED_LETTERS_MIN) return mapSchema(part, share, field)
    let name = names.get(text)
    if (name === undefined) {
      name = nameAfter(field, shared)
      names.set(text, name)
      // Takes the name before its own parts take theirs.
      shared[name] = {}
      shared[name] = mapSchema(part, share, field)
    }
    return { $ref: `#/$defs/${name}` }
  }

  const { $defs, ...root } = mapSchema(schema, share)
  const all = { ...shared, ...($defs as SchemaNode | undefined) }
  return Object.keys(all).length === 0 ? root : { ...root, $defs: all }
}

/** How often each part occurs, by its text. What is inside of a repeated part counts once, because it moves with that part. */
function countUses(schema: SchemaNode): ReadonlyMap<string, number> {
  const uses = new Map<string, number>()
  const count = (part: SchemaNode): SchemaNode => {
    const text = JSON.stringify(part)
    const before = uses.get(text) ?? 0
    uses.set(text, before + 1)
    if (before === 0) mapSchema(part, count)
    return part
  }
  mapSchema(schema, count)
  return uses
}

function nameAfter(field: string, taken: Readonly<Record<string, unknown>>): string {
  if (!Object.hasOwn(taken, field)) return field
  for (let number = 2; ; number++) if (!Object.hasOwn(taken, `${field}${number}`)) return `${field}${number}`
}

/** Replaces long parts that a schema given before has too: they are described there. Schemas are given in the order of the list of tools. */
export function createReferrer(): (tool: string, schema: SchemaNode) => SchemaNode {
  const places = new Map<string, string>()
  return (tool, schema) => {
    const own = new Set<string>()
    const refer = (part: SchemaNode): SchemaNode => {
      const text = JSON.stringify(part)
      if (text.length < REFERRED_LETTERS_MIN) return part
      const place = places.get(text)
      if (place !== undefined) return referTo(part, place)
      own.add(text)
      return mapSchema(part, refer)
    }
    const referred = mapSchema(schema, refer)
    for (const text of own) places.set(text, tool)
    return referred
  }
}

function referTo({ type, description }: SchemaNode, tool: string): SchemaNode {
  const place = `As in ${tool}.`
  return { ...(type === undefined ? {} : { type }), description: description === undefined ? place : `${description} ${place}` }
}
