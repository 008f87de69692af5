/** Derives commands from operations, for `tools/generate.ts`. The command itself reads the result, because the shapes are slow to load. */
import { isScope, type Operation } from '@orrery/contract'
import { z } from 'zod'
import type { Field, Form, Verb } from './verb.ts'

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
const COMMON_FLAGS = new Set(['server', 'api-key', 'org', 'json', 'full', 'help', 'watch', 'wait', 'follow', 'file'])

/** The command of an operation, or null if it has none. */
export function describeVerb(operation: Operation): Verb | null {
  const { name, summary, description, permission, effect, http, cli, rows } = operation
  if (cli === undefined) return null
  return {
    name,
    verb: cli.verb,
    summary,
    ...(description === undefined ? {} : { description }),
    requires: permission === 'public' ? 'no key' : isScope(permission) ? permission : 'any key',
    effect,
    http: { method: http.method, path: http.path },
    ...(rows === undefined ? {} : { rows }),
    fields: fieldsOf(operation),
  }
}

function fieldsOf(operation: Operation): readonly Field[] {
  const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any', reused: 'inline' })
  const required = new Set(schema.required ?? [])
  const positionals = operation.cli?.positionals ?? []
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, property]) => ({
    name,
    flag: COMMON_FLAGS.has(kebab(name)) ? `input-${kebab(name)}` : kebab(name),
    form: formOf(property),
    required: required.has(name),
    positional: positionals.includes(name),
    description: property.description ?? '',
    ...(property.default === undefined ? {} : { fallback: property.default }),
    ...(operation.roundsNumbersIn?.includes(name) ? { isRounded: true as const } : {}),
  }))
  const places = positionals.flatMap((name) => fields.filter((field) => field.name === name))
  return [...places, ...fields.filter(({ positional }) => !positional)]
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
  if (first.kind === 'text') return nullable ? { kind: 'text', isNullable: true } : first
  return nullable || first.kind === 'choice' ? { kind: 'json' } : first
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
