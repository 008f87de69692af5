import * as contract from '@orrery/contract'
import { z } from 'zod'

type Node = Readonly<Record<string, unknown>>

export interface ComponentSchemas {
  /** The fields of the input as a caller sends them. */
  input(operation: contract.Operation): { readonly properties: Readonly<Record<string, Node>>; readonly required: readonly string[] }
  output(operation: contract.Operation): Node
  /** The reference to the shape of a problem. */
  problem(): string
  /** The named shapes that the others refer to. */
  schemas(): Node
}

/**
 * Converts zod shapes to JSON Schema 2020-12. A shape that the contract exports (`run`, `apiKey`) becomes a component of
 * that name, so a new noun needs no registration.
 */
export function createComponentSchemas(): ComponentSchemas {
  const names = new NamedShapes()
  const schemas: Record<string, Node> = {}

  function render(shape: z.ZodType, io: 'input' | 'output'): Node {
    const { $schema, $defs, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any', metadata: names, override: tidySchema(io) })
    const renamed = new Map<string, string>()
    for (const [name, definition] of Object.entries($defs ?? {})) renamed.set(name, place(name, definition, io))
    for (const name of renamed.keys()) schemas[renamed.get(name) ?? name] = repoint($defs?.[name], renamed) as Node
    return repoint(schema, renamed) as Node
  }

  /** The same shape can have different schemas as output (fields with defaults are present) and as input. */
  function place(name: string, definition: unknown, io: 'input' | 'output'): string {
    const known = schemas[name]
    return known === undefined || JSON.stringify(known) === JSON.stringify(repoint(definition, new Map())) || io === 'output'
      ? name
      : `${name}Input`
  }

  const problem = render(z.object({ problem: contract.problemShape }), 'output')
  return {
    input: (operation) => {
      const whole = render(operation.input, 'input')
      // An input that the contract exports is rendered as a reference to its component, which has the fields.
      const { properties = {}, required = [] } = (typeof whole.$ref === 'string' ? schemas[nameOf(whole.$ref)] : whole) as {
        properties?: Record<string, Node>
        required?: string[]
      }
      return { properties, required }
    },
    output: (operation) => render(operation.output, 'output'),
    problem: () => (problem as { properties: { problem: { $ref: string } } }).properties.problem.$ref,
    schemas: () => schemas,
  }
}

interface Tidied {
  additionalProperties?: unknown
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
}

/**
 * Removes what zod adds without need. Answers may gain fields, so their schemas must not forbid additional ones. The pattern
 * of a date-time repeats its format. The safe integer range is a limit of JavaScript, not of the field, and examples are made
 * from bounds.
 */
function tidySchema(io: 'input' | 'output'): (context: { jsonSchema: Tidied }) => void {
  return ({ jsonSchema }) => {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
  }
}

/** zod's global registry, with a name added for every object shape that the contract exports. */
class NamedShapes extends z.core.$ZodRegistry<z.core.GlobalMeta> {
  readonly #names = new Map<unknown, string>(
    Object.entries(contract).flatMap(([name, value]) => (value instanceof z.ZodObject ? [[value, title(name)] as const] : [])),
  )

  override get<S extends z.core.$ZodType>(schema: S) {
    const id = this.#names.get(schema)
    const meta = z.globalRegistry.get(schema)
    return (id === undefined ? meta : { ...meta, id }) as z.core.$replace<z.core.GlobalMeta, S> | undefined
  }

  override has(schema: z.core.$ZodType): boolean {
    return this.#names.has(schema) || z.globalRegistry.has(schema)
  }
}

const nameOf = (ref: string): string => ref.replace('#/components/schemas/', '')

function title(name: string): string {
  return name === 'problemShape' ? 'Problem' : name.charAt(0).toUpperCase() + name.slice(1)
}

/** Rewrites references to point at the components of an OpenAPI document, and drops the `id`s that became component names. */
function repoint(node: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(node)) return node.map((entry) => repoint(entry, renamed))
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).flatMap(([key, value]): [string, unknown][] => {
    if (key === '$ref' && typeof value === 'string') {
      const name = value.replace('#/$defs/', '')
      return [[key, `#/components/schemas/${renamed.get(name) ?? name}`]]
    }
    return key === 'id' && typeof value === 'string' ? [] : [[key, repoint(value, renamed)]]
  })
  return Object.fromEntries(entries)
}
