type Node = Readonly<Record<string, unknown>>

/**
 * An example body for the docs page, with the required fields and those of any JSON. Without it, the page would generate
 * unreadable values from patterns.
 */
export function makeExample(properties: Readonly<Record<string, Node>>, required: readonly string[], schemas: Node): Node {
  const shown = Object.entries(properties).filter(([name, schema]) => required.includes(name) || takesAnything(schema))
  return Object.fromEntries(shown.map(([name, schema]) => [name, sampleOf(name, schema, schemas)]))
}

const MEANINGS = ['type', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', '$ref']

function takesAnything(schema: Node): boolean {
  return MEANINGS.every((key) => schema[key] === undefined)
}

function sampleOf(name: string, schema: Node, schemas: Node): unknown {
  if (typeof schema.$ref === 'string') return sampleOf(name, schemas[schema.$ref.replace('#/components/schemas/', '')] as Node, schemas)
  if (Array.isArray(schema.examples)) return schema.examples[0]
  if (schema.default !== undefined && schema.default !== null) return schema.default
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const choices = schema.anyOf ?? schema.oneOf
  if (Array.isArray(choices)) return sampleOf(name, choices[0] as Node, schemas)
  switch (schema.type) {
    case 'string':
      return textOf(name, schema)
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 1
    case 'boolean':
      return true
    case 'array':
      return [sampleOf(name, (schema.items ?? {}) as Node, schemas)]
    default:
      return makeExample((schema.properties ?? {}) as Record<string, Node>, (schema.required ?? []) as string[], schemas)
  }
}

/** The suffix of all ids in examples. Any would do; the same one everywhere is easier to read. */
const ID = '01jb2m4k6q8r0s2t4v6w8x0y2z'

function textOf(name: string, { format, pattern, description }: Node): string {
  if (format === 'date-time') return '2026-11-05T09:30:00.000Z'
  if (format === 'email' || name === 'email') return 'ada@example.com'
  const id = typeof pattern === 'string' ? /^\^([a-z]+)_\[0-7\]/.exec(pattern)?.[1] : undefined
  if (id !== undefined) return `${id}_${ID}`
  if (typeof pattern === 'string' && pattern.startsWith('^[0-9a-f]{64}')) return '0'.repeat(64)
  if (typeof description === 'string' && description.startsWith('A duration')) return '30s'
  return `my-${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
