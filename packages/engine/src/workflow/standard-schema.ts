import { InvalidInputError } from './errors.ts'
import type { Json } from './protocol.ts'

/** A validator of any library that implements Standard Schema V1 (standardschema.dev): zod, valibot, arktype and others. */
export interface Schema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>
    readonly types?: { readonly input: In; readonly output: Out } | undefined
  }
}

export type SchemaResult<Out> = { readonly value: Out; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** One issue that a validator found, with its path written as `customer.emails.0`. */
export interface Issue {
  readonly path: string
  readonly message: string
}

export type Validated = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly issues: readonly Issue[] }

/** Stays synchronous for a synchronous validator, so that a check costs no extra microtask. */
export function validate(schema: Schema, value: unknown): Validated | Promise<Validated> {
  const result = schema['~standard'].validate(value)
  return 'then' in result ? result.then(toValidated) : toValidated(result)
}

function toValidated(result: SchemaResult<unknown>): Validated {
  return result.issues === undefined ? { ok: true, value: result.value } : { ok: false, issues: result.issues.map(toIssue) }
}

function toIssue(issue: SchemaIssue): Issue {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return { path, message: issue.message }
}

/** An error with one sentence for people and the issues as details. */
export function invalid(what: string, issues: readonly Issue[]): InvalidInputError {
  const text = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  return new InvalidInputError(`${what} is invalid: ${text}`, { details: issues.map(({ path, message }) => ({ path, message })) })
}

/** JSON Schema 2020-12 by Standard JSON Schema. Null where the validator cannot produce it (a transform, a library without support). */
export function jsonSchema(schema: Schema | undefined, side: 'input' | 'output'): Json | null {
  const standard: object | undefined = schema?.['~standard']
  if (standard === undefined || !('jsonSchema' in standard)) return null
  const converter = standard.jsonSchema as Partial<Record<typeof side, (options: { target: string }) => Json>>
  try {
    return converter[side]?.({ target: 'draft-2020-12' }) ?? null
  } catch (error) {
    // The standard lets a converter throw for types that JSON Schema cannot express. Such a schema still validates.
    if (error instanceof Error) return null
    throw error
  }
}
