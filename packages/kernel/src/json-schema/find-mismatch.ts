import type { Json, JsonObject } from '@orrery/contract'
import { compileSchema } from './compile-schema.ts'

export interface Mismatch {
  /** Path within the value, such as `.recipients[0]`; empty for the value itself. */
  readonly path: string
  readonly message: string
}

/**
 * The first place where a value does not match a JSON Schema, or null. A schema that cannot be used matches no value. Takes as long as the
 * schema wants: `checkSchemas` is for schemas that others wrote.
 */
export function findMismatch(schema: JsonObject, value: Json): Mismatch | null {
  const compiled = compileSchema(schema)
  if ('unusable' in compiled) return { path: '', message: `its schema cannot be used: ${compiled.unusable}` }
  try {
    return compiled.validate(value) === true ? null : explain(compiled.validate.errors?.[0] ?? {})
  } catch {
    // The stack is full.
    return { path: '', message: 'its schema cannot be applied: it refers to itself without end' }
  }
}

export function describeMismatch(what: string, { path, message }: Mismatch): string {
  return path === '' ? `${what}: ${message}` : `${what}: ${path.replace(/^\./, '')} ${message}`
}

/** The part of Ajv's errors that is used. */
interface AjvError {
  readonly instancePath?: string
  readonly keyword?: string
  readonly message?: string
  readonly params?: Readonly<Record<string, unknown>>
}

function explain({ instancePath = '', keyword = '', message = 'does not match', params = {} }: AjvError): Mismatch {
  const at = toPath(instancePath)
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return { path: `${at}${member(String(params.missingProperty))}`, message: 'is missing' }
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params.additionalProperty ?? params.unevaluatedProperty)
      return { path: `${at}${member(name)}`, message: 'is not allowed here' }
    }
    case 'enum':
      return { path: at, message: `must be one of ${JSON.stringify(params.allowedValues).slice(0, 500)}` }
    case 'const':
      return { path: at, message: `must be ${JSON.stringify(params.allowedValue).slice(0, 500)}` }
    default:
      return { path: at, message }
  }
}

/** Converts a JSON Pointer (RFC 6901) to the form `.recipients[0]`. */
function toPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : member(part)))
    .join('')
}

function member(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, 100))}]`
}
