import * as contract from '@orrery/contract'
import { z } from 'zod'

type Node = Readonly<Record<string, unknown>>

export interface ComponentSchemas {
  /** The fields of the input, as a caller writes them. */
  input(operation: contract.Operation): { readonly properties: Readonly<Record<string, Node>>; readonly required: readonly string[] }
  output(operation: contract.Operation): Node
  /** The reference to the shape of a problem. */
  problem(): string
  /** The named shapes that the others refer to. */
  schemas(): Node
}

/**
 * Turns zod shapes into JSON Schema 2020-12. Shapes that the contract exports under a name (`run`, `apiKey`) become
 * components of that name, so a new noun needs no entry anywhere.
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

  /** The same shape may look otherwise where it is read (defaults are there) than where it is written. */
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
      // An input that the contract exports under a name is a reference to that: its fields are there.
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
 * Answers may gain fields, so their schemas do not forbid others. The pattern of a time says no more than its format. That
 * JavaScript counts no further than 2^53 is no bound of ours, and examples are made of bounds.
 */
function tidySchema(io: 'input' | 'output'): (context: { jsonSchema: Tidied }) => void {
  return ({ jsonSchema }) => {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
  }
}

/** zod's own registry, with a name for every object that the contract exports. */
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

/** Points references at the components of an OpenAPI document, and drops the names that became keys there. */
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
