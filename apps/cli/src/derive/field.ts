import type { Operation } from '@orrery/contract'
import { z } from 'zod'

/** How one field of an operation's input is written on a command line. */
export interface Field {
  readonly name: string
  /** Without the dashes. */
  readonly flag: string
  readonly form: Form
  readonly required: boolean
  readonly positional: boolean
  readonly description: string
  readonly fallback: unknown
  /** Its JSON is a document of others, in which numbers may be rounded. */
  readonly isRounded: boolean
}

export type Form =
  | { readonly kind: 'text' }
  | { readonly kind: 'number'; readonly nullable: boolean }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly item: Form }
  | { readonly kind: 'json' }
  /** Plain text or JSON, such as an RRULE or a whole schedule. */
  | { readonly kind: 'textOrJson' }

interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly description?: string
  readonly default?: unknown
}

/** Flags that derived commands have in common. A field of the same name gets `--input-<name>`. */
const COMMON_FLAGS = new Set(['server', 'api-key', 'json', 'help', 'watch', 'file'])

export function fieldsOf(operation: Operation): readonly Field[] {
  const schema = schemaOf(operation.input)
  const required = new Set(schema.required ?? [])
  const positionals = operation.cli?.positionals ?? []
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, property]) => ({
    name,
    flag: COMMON_FLAGS.has(kebab(name)) ? `input-${kebab(name)}` : kebab(name),
    form: formOf(property),
    required: required.has(name),
    positional: positionals.includes(name),
    description: property.description ?? '',
    fallback: property.default,
    isRounded: operation.roundsNumbersIn?.includes(name) ?? false,
  }))
}

/** Cached, because some schemas take milliseconds to convert and some operations have two commands. */
const known = new WeakMap<z.ZodType, ReturnType<typeof writeSchema>>()

function schemaOf(input: z.ZodType): ReturnType<typeof writeSchema> {
  const schema = known.get(input) ?? writeSchema(input)
  known.set(input, schema)
  return schema
}

function writeSchema(input: z.ZodType) {
  return z.toJSONSchema(input, { io: 'input', unrepresentable: 'any', reused: 'inline' })
}

function formOf(schema: JsonSchema): Form {
  const among = schema.anyOf ?? schema.oneOf
  if (among !== undefined) return formOfUnion(among)
  if (schema.enum !== undefined) return { kind: 'choice', choices: schema.enum.map(String) }
  switch (schema.type) {
    case 'string':
      return { kind: 'text' }
    case 'number':
    case 'integer':
      return { kind: 'number', nullable: false }
    case 'boolean':
      return { kind: 'switch' }
    case 'array':
      return { kind: 'list', item: formOf(schema.items ?? {}) }
    default:
      return typeof schema.const === 'string' ? { kind: 'text' } : { kind: 'json' }
  }
}

function formOfUnion(among: readonly JsonSchema[]): Form {
  const forms = among.filter((one) => one.type !== 'null').map(formOf)
  const nullable = forms.length < among.length
  const [first] = forms
  if (forms.some(({ kind }) => kind === 'text') && forms.some(({ kind }) => kind === 'json')) return { kind: 'textOrJson' }
  if (first === undefined || forms.some((form) => form.kind !== first.kind)) return { kind: 'json' }
  if (first.kind === 'number') return { kind: 'number', nullable }
  return nullable || first.kind === 'choice' ? { kind: 'json' } : first
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
